"""The page of benchmarks, drawn from the last recorded run (`make benchmark`); this build measures nothing."""

from __future__ import annotations

import json
from typing import Any

import matplotlib.pyplot as plt

from advlab.chapters.shared import style
from advlab.engine.cache.profile import Profile
from advlab.engine.cache.source import PACKAGE
from advlab.engine.chapter import Drawing, Table, claim, figure, measurement, table

RECORD = "recorded/benchmarks.json"
MODELS = {"standard": "the standard model", "robust": "the PGD-trained model"}
#: The parts of a run, each recorded separately; one runs PGD again where nearly every image breaks.
PARTS = ("pgd", "fgsm", "autoattack", "large ball", "rounding")
LARGE = "large"
PGD_RACES = {**MODELS, LARGE: "the standard model"}


@measurement
def record(profile: Profile) -> dict[str, Any]:
    """What the last benchmark run recorded: the seconds that each library's attacks took. Nothing is timed now."""
    content = json.loads((PACKAGE / RECORD).read_text(encoding="utf-8"))
    found = {"date": content["date"], "machine": content["machine"]}
    for part in PARTS:
        found = content["figures"][f"attacks, {part}"] | found
    return found


def times(race: dict[str, Any]) -> dict[str, float]:
    """Speed of each contestant as a multiple of the plain loop's, the fastest first."""
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
    """Speed of each library's PGD as a multiple of the plain loop's, on both models and in a larger ball."""
    heights = [len(result[f"pgd_{name}"]["contestants"]) for name in PGD_RACES]
    drawn, panels = plt.subplots(3, 1, figsize=(style.WIDTH, 8.4), height_ratios=heights)
    words = []
    for axes, (name, title) in zip(panels, PGD_RACES.items(), strict=True):
        ratios, epsilon = times(result[f"pgd_{name}"]), result[f"pgd_{name}"]["epsilon"]
        places = range(len(ratios))
        ours = [who.startswith("advlab") for who in ratios]
        colors = [style.color("fgsm" if own else "muted") for own in ours]
        axes.barh(places, ratios.values(), color=colors, height=0.7)
        axes.axvline(1, color=style.color("ink"), lw=1, ls=":")
        axes.set_yticks(places, ratios.keys())
        axes.invert_yaxis()
        for place, value in zip(places, ratios.values(), strict=True):
            axes.annotate(f" {value:.2f}", (value, place), va="center", color=style.color("ink"))
        axes.set_title(f"on {title}, epsilon {epsilon:g}", loc="left")
        axes.set_xlim(right=1.15 * max(ratios.values()))
        words.append(f"On {title} at {epsilon:g}: " + ", ".join(f"{who} {x:.2f}" for who, x in ratios.items()))
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
    """Seconds of every contestant for FGSM and PGD on both models, the fastest at PGD first."""
    columns = [f"{attack}_{name}" for attack in ("fgsm", "pgd") for name in MODELS]
    names = list(times(result["pgd_standard"]))
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
    """How far the results of the fast contestants agree with those of the plain loop."""
    rows = []
    for name, title in PGD_RACES.items():
        race_ = result[f"pgd_{name}"]
        for who in ("advlab", "advlab, fast"):
            row = race_["contestants"][who]
            ratio = race_["ratios"][who]
            rows.append(
                [
                    f"{who}<br>{title}, {race_['epsilon']:g}",
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
def roundings(result: dict[str, Any]) -> Table:
    """How many pixels PGD in float32 shares with PGD in float64, and with the plain loop."""
    rows = []
    for name, title in MODELS.items():
        for who, row in sorted(result[f"rounding_{name}"]["contestants"].items(), reverse=True):
            equal = (row["equal_to_float64"], row["equal_to_plain"])
            rows.append([who, title, *(f"{share:.1%}" for share in equal), str(row["verdicts_differ"])])
    one = result["rounding_standard"]
    return Table(
        [
            "PGD in float32",
            "",
            "pixels equal<br>to float64's",
            "pixels equal to<br>the plain loop's",
            "verdicts<br>differ",
        ],
        rows,
        f"Share of pixels after PGD that agree to a millionth, n = {one['images']}, the same epsilons. {where(result)}",
        "llrrr",
    )


@table(record)
def autoattacks(result: dict[str, Any]) -> Table:
    """Our AutoAttack beside its reference implementation."""
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
                f"{one['paired']['only_second']} and {one['paired']['only_first']}",
                f"{one['paired']['p']:.2f}",
            ]
        )
    return Table(
        [
            "",
            "reference",
            "advlab",
            "ratio",
            "left by<br>reference",
            "left by<br>advlab",
            "broken by<br>one alone",
            "p",
        ],
        rows,
        f"The standard version on {result['autoattack_standard']['images']} images, once each; how many only the "
        f"reference broke and how many only advlab did, and McNemar's exact p. {where(result)}",
        "lrrrrrrr",
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
def exact_leads(result: dict[str, Any]) -> bool:
    """The exact path runs FGSM and PGD at least 1.7 times as fast as any peer, 2.4 times as fast as torchattacks."""
    ratios = [result[f"{attack}_{name}"]["ratios"]["advlab"] for attack in ("fgsm", "pgd") for name in MODELS]
    return all(one["fastest peer"] >= 1.7 and one["torchattacks"] >= 2.4 for one in ratios)


@claim(record)
def fast_gains_where_images_break(result: dict[str, Any]) -> bool:
    """The fast path is at least 3 times as fast as the exact one in the larger ball, at most 1.2 times elsewhere."""
    races = {name: result[f"pgd_{name}"]["contestants"] for name in PGD_RACES}
    gains = {name: one["advlab"]["seconds"] / one["advlab, fast"]["seconds"] for name, one in races.items()}
    return gains[LARGE] >= 3 and max(gains[name] for name in MODELS) <= 1.2


@claim(record)
def same_verdicts(result: dict[str, Any]) -> bool:
    """The exact path gives each image the plain loop's verdict, in every race."""
    races = [result[f"{attack}_{name}"] for attack in ("fgsm", "pgd") for name in MODELS] + [result[f"pgd_{LARGE}"]]
    return all(race["contestants"]["advlab"]["verdicts_differ"] == 0 for race in races)


@claim(record)
def equal_on_the_standard_model(result: dict[str, Any]) -> bool:
    """On the standard model at least 99.8 % of the exact path's pixels equal the plain loop's, for FGSM and PGD."""
    return all(result[f"{a}_standard"]["contestants"]["advlab"]["equal_pixels"] >= 0.998 for a in ("fgsm", "pgd"))


@claim(record)
def no_further_than_the_plain_loop(result: dict[str, Any]) -> bool:
    """On both models the exact path shares at least as many pixels with float64 as the plain loop does."""
    found = [result[f"rounding_{name}"]["contestants"] for name in MODELS]
    return all(one["advlab"]["equal_to_float64"] >= one["plain loop"]["equal_to_float64"] for one in found)


@claim(record)
def peers_agree(result: dict[str, Any]) -> bool:
    """Under PGD on the standard model every library gives each image the plain loop's verdict."""
    return all(row["verdicts_differ"] == 0 for row in result["pgd_standard"]["contestants"].values())


@claim(record)
def autoattack_alike(result: dict[str, Any]) -> bool:
    """AutoAttack does not differ from its reference significantly on either model, at a level of .05."""
    return all(result[f"autoattack_{name}"]["paired"]["p"] > 0.05 for name in MODELS)


@claim(record)
def autoattack_leads(result: dict[str, Any]) -> bool:
    """On both models AutoAttack runs at 1.5 times its reference's speed or more, and its lead is smaller than PGD's."""
    leads = {name: result[f"pgd_{name}"]["ratios"]["advlab"]["fastest peer"] for name in MODELS}
    return all(1.5 <= result[f"autoattack_{name}"]["ratio"] < lead for name, lead in leads.items())


@claim(record)
def fast_is_as_strong(result: dict[str, Any]) -> bool:
    """The fast path leaves at most 0.2 points more accuracy than the exact one in all races of PGD."""
    races = [result[f"pgd_{name}"]["contestants"] for name in PGD_RACES]
    return all(race["advlab, fast"]["accuracy"] <= race["advlab"]["accuracy"] + 0.002 for race in races)
