"""The tables of the closing page, and what it claims."""

from __future__ import annotations

from typing import Any

from advlab.chapters.adversarial_training.measure import longest
from advlab.chapters.cells import percent, with_interval
from advlab.chapters.mnist.figures import BALL
from advlab.chapters.mnist.measure import parts, separation, strokes, widths
from advlab.chapters.preprocessing.measure import one_bit
from advlab.stored import Table, claim, table

Result = dict[str, Any]


@table(separation)
def distances(result: Result) -> Table:
    """Nearest distances by norm."""
    rows = [
        [
            {"Linf": "L-infinity", "L2": "L2"}[norm],
            f"{result[norm]['smallest']:.2f}",
            f"{result[norm]['median']:.2f}",
            f"{result[norm]['own class, median']:.2f}",
            f"{result[norm]['margin, median']:.2f}",
            with_interval(result[norm]["right"]),
        ]
        for norm in ("Linf", "L2")
    ]
    return Table(
        ["norm", "another class, nearest", "another class, median", "own class, median", "margin", "right"],
        rows,
        f"From each of {result['test images']:,} test images to the nearest of {result['train images']:,} training "
        "images, in pixel units. Margin: half the difference of the two distances, in the median; no shorter change "
        "alters the answer of the nearest neighbour. Right: the accuracy of that answer without an attack, 95% Wilson "
        "interval.",
        "lrrrrr",
    )


@table(parts)
def by_part(result: Result) -> Table:
    """Accuracy by part of the test set."""
    everything = {"all": {"clean": result["clean"], "FGSM": result["FGSM"]}}
    rows = [
        [name, f"{of['clean']['n']:,}", with_interval(of["clean"]), with_interval(of["FGSM"])]
        for name, of in (result["parts"] | everything).items()
    ]
    return Table(
        ["test images, in the file's order", "n", "clean", f"FGSM, ε = {result['epsilon']:g}"],
        rows,
        "Accuracy of the standard model; L-infinity, untargeted, white box, ε in pixels; 95% Wilson intervals.",
        "lrrr",
    )


@table(widths)
def intervals(result: Result) -> Table:
    """How much a figure of so many images is worth."""
    rows = [
        [f"{int(number):,}", f"{100 * of['low']:.1f} to {100 * of['high']:.1f}", f"{100 * of['width']:.1f} points"]
        for number, of in sorted(result["numbers"].items(), key=lambda item: int(item[0]))
    ]
    return Table(
        ["test images", "95% interval, %", "width"],
        rows,
        f"Wilson intervals where {percent(result['share'])} of the images are right. They count the chance of which "
        "images were taken, not that of the training.",
        "rrr",
    )


@claim(separation)
def balls_do_not_touch(result: Result) -> bool:
    """No two images of different classes, one of the test and one of the training set, are within two balls of 0.3."""
    return bool(result["Linf"]["smallest"] > 2 * BALL)


@claim(separation)
def linf_says_little(result: Result) -> bool:
    """In L-infinity the own class is, in the median, nearly as far as the others; in L2 it is clearly nearer."""
    ratio = {norm: result[norm]["own class, median"] / result[norm]["median"] for norm in ("Linf", "L2")}
    return ratio["Linf"] > 0.9 > ratio["L2"]


@claim(separation)
def neighbours_read_well(result: Result) -> bool:
    """The nearest neighbour in L2 reads at least nine in ten right."""
    return bool(result["L2"]["right"]["value"] >= 0.9)


@claim(parts)
def first_half_is_harder(result: Result) -> bool:
    """Under FGSM the first half is read less well than the second, and their intervals do not meet."""
    halves = [result["parts"][name]["FGSM"] for name in ("the first half", "the second half")]
    return bool(halves[0]["high"] < halves[1]["low"])


@claim(strokes)
def dozens_of_flips(result: Result) -> bool:
    """After a threshold the nearest image of another class differs in at least 20 pixels, in the median in 50."""
    return bool(result["differ"]["smallest"] >= 20 and result["differ"]["median"] >= 50)


@claim(one_bit, longest)
def one_line_keeps_much(rounded: Result, trained: Result) -> bool:
    """Rounding alone keeps at least half of what adversarial training keeps at 0.3, each under its strongest attack."""
    return bool(rounded["adaptive, 0.3"]["value"] >= 0.5 * trained["robust"]["0.3"]["value"])
