"""The page of benchmarks: drawn from the last recorded run (`make benchmark`), not measured by this build."""

from __future__ import annotations

import json
from typing import Any

import matplotlib.pyplot as plt

from advlab.chapters import style
from advlab.profile import Profile
from advlab.source import PACKAGE
from advlab.stored import Drawing, Table, claim, figure, measurement, table

RECORD = "recorded/benchmarks.json"
MODELS = {"standard": "the standard model", "robust": "the PGD-trained model"}


@measurement
def record(profile: Profile) -> dict[str, Any]:
    """What the last benchmark run recorded of attacks: seconds of each library in turn. Nothing is timed now."""
    content = json.loads((PACKAGE / RECORD).read_text(encoding="utf-8"))
    found: dict[str, Any] = content["figures"]["attacks"]
    return found | {"date": content["date"], "machine": content["machine"], "load": content["load_before"]}


def times(race: dict[str, Any]) -> dict[str, float]:
    """How many times as fast as the plain loop each contestant was, the fastest first."""
    rows = race["contestants"]
    base = rows["plain loop"]["seconds"]
    return dict(sorted(((who, base / row["seconds"]) for who, row in rows.items()), key=lambda one: -one[1]))


def where(result: dict[str, Any]) -> str:
    """Date and machine of the run, for a caption."""
    machine = result["machine"]
    return (
        f"Recorded {result['date']} on {machine['processor']} ({machine['instructions']}), {result['threads']} threads."
    )


@figure(record)
def race(result: dict[str, Any]) -> Drawing:
    """PGD of each library, as a multiple of the plain loop's speed, on both models."""
    drawn, panels = plt.subplots(2, 1, figsize=(style.WIDTH, 6.4), sharex=True)
    words = []
    for axes, (name, title) in zip(panels, MODELS.items(), strict=True):
        ratios = times(result[f"pgd_{name}"])
        places = range(len(ratios))
        ours = [who.startswith("advlab") for who in ratios]
        colors = [style.color("fgsm" if own else "muted") for own in ours]
        axes.barh(places, ratios.values(), color=colors, height=0.7)
        axes.axvline(1, color=style.color("ink"), lw=1, ls=":")
        axes.set_yticks(places, ratios.keys())
        axes.invert_yaxis()
        for place, value in zip(places, ratios.values(), strict=True):
            axes.annotate(f" {value:.2f}", (value, place), va="center", color=style.color("ink"))
        axes.set_title(f"on {title}, epsilon {result[f'pgd_{name}']['epsilon']:g}", loc="left")
        words.append(f"On {title}: " + ", ".join(f"{who} {value:.2f}" for who, value in ratios.items()))
    panels[-1].set_xlabel("times as fast as the plain loop")
    some = result["pgd_standard"]
    return Drawing(
        drawn,
        alt=f"Bars: speed of PGD with {some['steps']} steps relative to a plain loop. {'. '.join(words)}.",
        caption=f"PGD with {some['steps']} steps on {some['images']:,} test images, all of them in one call: speed "
        f"relative to a plain loop; medians of {some['rounds']} rounds, each library in turn. {where(result)}",
    )


@table(record)
def libraries(result: dict[str, Any]) -> Table:
    """Seconds of every contestant for FGSM and PGD on both models."""
    columns = [f"{attack}_{name}" for attack in ("fgsm", "pgd") for name in MODELS]
    names = list(result["pgd_standard"]["contestants"])
    rows = []
    for who in names:
        cells = [result[column]["contestants"].get(who) for column in columns]
        rows.append([who, *(f"{cell['seconds']:.2f} s" if cell else "–" for cell in cells)])
    heads = [f"{attack}<br>{name}" for attack in ("FGSM", "PGD") for name in MODELS]
    images = result["pgd_standard"]["images"]
    return Table(
        ["library", *heads],
        rows,
        f"Median seconds for {images:,} images. adv-lib has no FGSM; *fast* is for verdicts alone. {where(result)}",
        "lrrrr",
    )


@table(record)
def agreement(result: dict[str, Any]) -> Table:
    """How far the results of the fast contestants are those of the plain loop."""
    rows = []
    for name, title in MODELS.items():
        race_ = result[f"pgd_{name}"]
        for who in ("advlab", "advlab, fast"):
            row = race_["contestants"][who]
            ratio = race_["ratios"][who]
            rows.append(
                [
                    f"{who}<br>{title}",
                    f"{ratio['fastest peer']:.2f}",
                    f"{ratio['torchattacks']:.2f}",
                    f"{row['accuracy']:.1%}",
                    f"{race_['contestants']['plain loop']['accuracy']:.1%}",
                    f"{row['equal_pixels']:.2%}",
                ]
            )
    return Table(
        [
            "PGD by",
            "× fastest<br>peer",
            "× torch-<br>attacks",
            "accuracy<br>left",
            "plain<br>loop's",
            "pixels<br>equal",
        ],
        rows,
        f"Speed as a multiple, and what it costs in exactness, n = {result['pgd_standard']['images']:,}. The fastest "
        f"peer was {result['pgd_standard']['fastest peer']}. {where(result)}",
        "lrrrrr",
    )


@table(record)
def autoattacks(result: dict[str, Any]) -> Table:
    """AutoAttack beside its reference implementation."""
    rows = []
    for name, title in MODELS.items():
        one = result[f"autoattack_{name}"]
        rows.append(
            [
                f"{title}, epsilon {one['epsilon']:g}",
                f"{one['reference']['seconds']:.0f} s",
                f"{one['advlab']['seconds']:.0f} s",
                f"{one['ratio']:.1f}",
                f"{one['reference']['accuracy']:.1%}",
                f"{one['advlab']['accuracy']:.1%}",
            ]
        )
    return Table(
        ["", "reference", "advlab", "ratio", "left by<br>reference", "left by<br>advlab"],
        rows,
        f"The standard version on {result['autoattack_standard']['images']} images, once each. {where(result)}",
        "lrrrrr",
    )


@claim(record)
def fastest(result: dict[str, Any]) -> bool:
    """The exact path is faster than every other library, for FGSM and PGD, on both models."""
    return all(
        result[f"{attack}_{name}"]["ratios"]["advlab"]["fastest peer"] > 1
        for attack in ("fgsm", "pgd")
        for name in MODELS
    )


@claim(record)
def exact(result: dict[str, Any]) -> bool:
    """At least 99.8 % of the exact path's pixels are the plain loop's, in every race."""
    races = [result[f"{attack}_{name}"] for attack in ("fgsm", "pgd") for name in MODELS]
    return all(race["contestants"]["advlab"]["equal_pixels"] >= 0.998 for race in races)


@claim(record)
def fast_is_as_strong(result: dict[str, Any]) -> bool:
    """The fast path leaves no more accuracy than the exact one, or at most 0.2 points more, on both models."""
    races = [result[f"pgd_{name}"]["contestants"] for name in MODELS]
    return all(race["advlab, fast"]["accuracy"] <= race["advlab"]["accuracy"] + 0.002 for race in races)
