"""The recipes that are too long for a build: a table of what the last run of each recorded. Nothing is trained now."""

from __future__ import annotations

import json
from typing import Any

from advlab.chapters.intervals import proved as in_the_build
from advlab.chapters.shared.cells import stacked
from advlab.engine.cache.profile import Profile
from advlab.engine.cache.source import PACKAGE
from advlab.engine.chapter import Table, claim, measurement, table

RECORD = "recorded/long.json"
#: The page's names of the recipes of `advlab.zoo.LONG`, in the order of its rows.
NAMES = {
    "adversarial, same images": "PGD, the same images",
    "adversarial, drawn anew": "PGD, drawn anew",
    "adversarial, as built": "PGD, deeper, as built",
    "adversarial": "PGD, deeper, ten steps",
    "trades": "TRADES, drawn anew",
    "certified": "intervals",
    "certified, small ball": "intervals, a third of the ball",
}

Result = dict[str, Any]


@measurement
def record(profile: Profile) -> Result:
    """What the last runs of `advlab build --recipe long` recorded: accuracies, seconds, machine, date."""
    content: Result = json.loads((PACKAGE / RECORD).read_text(encoding="utf-8"))
    return {"figures": content["figures"], "date": content["date"]}


@table(record)
def recorded(result: Result) -> Table:
    """Each recipe that was run: clean, under AutoAttack in full, proved, and what it cost."""
    rows: list[list[str]] = []
    machines: dict[str, None] = {}
    for name, shown in NAMES.items():
        if name not in result["figures"]:
            continue
        one = result["figures"][name]
        found = one["accuracy"]
        proved = found["certified 0.1"]["count"] > 0
        rows.append(
            [
                shown,
                str(one["epochs"]),
                f"{one['training seconds'] / 60:.0f}&nbsp;min",
                f"{found['clean']['value']:.2%}",
                stacked(found["AutoAttack 0.1"]),
                stacked(found["AutoAttack 0.3"]),
                f"{found['certified 0.1']['value']:.2%}" if proved else "–",
                f"{found['certified 0.3']['value']:.2%}" if proved else "–",
            ]
        )
        of = one["machine"]
        machines[f"{of['processor']} ({of['instructions']}, trained in {of['path']}), {one['date']}"] = None
    first = next(iter(result["figures"].values()))["accuracy"]
    return Table(
        [
            "recipe",
            "epochs",
            "training",
            "clean",
            "AutoAttack<br>0.1",
            "AutoAttack<br>0.3",
            "proved<br>0.1",
            "proved<br>0.3",
        ],
        rows,
        f"Recorded, not measured by this build: {'; '.join(machines)}. L-infinity, pixel units, untargeted, white box. "
        f"AutoAttack in full on n = {first['AutoAttack 0.3']['n']:,} test images, 95% Wilson intervals below; "
        f"clean and proved on all {first['clean']['n']:,}. Minutes of one core that others used as well, on more than "
        "one day: they do not compare.",
        "lrrrrrrr",
    )


def left(result: Result, name: str) -> Result:
    """Accuracy of a recipe's network under AutoAttack at the larger epsilon."""
    accuracy: Result = result["figures"][name]["accuracy"]["AutoAttack 0.3"]
    return accuracy


@claim(record)
def drawing_anew_helps(result: Result) -> bool:
    """Of two like networks trained equally long, the one on images drawn anew keeps more, with intervals apart."""
    same, anew = (result["figures"][f"adversarial, {name}"] for name in ("same images", "drawn anew"))
    alike = all(same[what] == anew[what] for what in ("architecture", "epochs"))
    return bool(
        alike and left(result, "adversarial, same images")["high"] < left(result, "adversarial, drawn anew")["low"]
    )


@claim(record)
def deeper_keeps_most(result: Result) -> bool:
    """Of all long runs the deeper network with ten steps keeps the most at the larger epsilon."""
    kept = {name: left(result, name)["count"] for name in result["figures"]}
    return max(kept, key=kept.__getitem__) == "adversarial"


@claim(record)
def square_found_more(result: Result) -> bool:
    """In the larger ball Square broke images of the build's network that APGD and FAB had left."""
    return bool(result["figures"]["adversarial, as built"]["broken by"]["0.3"].get("Square", 0) > 0)


@claim(record, in_the_build)
def longer_proves_little_more(result: Result, built: Result) -> bool:
    """At the larger epsilon the long run proves more than the build's network, by less than three points."""
    more = result["figures"]["certified"]["accuracy"]["certified 0.3"]["value"] - built["at"]["0.3"]["value"]
    return bool(0 < more < 0.03)
