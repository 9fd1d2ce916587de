"""The tables of the page on patches."""

from __future__ import annotations

from typing import Any

from advlab.chapters.patches.figures import of_all
from advlab.chapters.patches.measure import SEEDS, TARGET, large, small
from advlab.chapters.shared.cells import percent, with_interval
from advlab.engine.chapter import Table, table

Result = dict[str, Any]
#: The two pictures compared first, with intervals; then two more, without. Grey is in the figure.
BOTH = ("patch", "a real three")
OTHERS = ("noise", "white")


@table(small, large)
def sizes(few: Result, many: Result) -> Table:
    """How often each picture makes an image read as the target, by size."""
    return Table(
        ["width", "area", *BOTH, *OTHERS, "right, patch", "right, noise"],
        [
            [
                size,
                percent(row["area"]),
                *(with_interval(row["read"][kind]["target"]) for kind in BOTH),
                *(percent(row["read"][kind]["target"]["value"]) for kind in OTHERS),
                percent(row["read"]["patch"]["right"]["value"]),
                percent(row["read"]["noise"]["right"]["value"]),
            ]
            for size, row in of_all(few, many).items()
        ],
        f"The share of images read as {TARGET}, with 95% Wilson intervals, when a round picture of this width lies at "
        f"a random place; n = {few['n']:,} test images of other digits, the same places for all. Area: "
        "the mean share of its pixels that are hidden. Right: still read as what they are. Targeted, digital, white "
        "box while the patch is made; nothing is known of the image that it will lie on.",
        "rr" + "r" * len(BOTH + OTHERS) + "rr",
    )


@table(small, large)
def carried(few: Result, many: Result) -> Table:
    """The effect of a patch on networks that it was not made on."""
    names = [f"seed {seed}" for seed in SEEDS]
    return Table(
        ["width", f"{names[0]}, made on it", *names[1:]],
        [
            [size, *(with_interval(row["carried to"][name]["target"]) for name in names)]
            for size, row in of_all(few, many).items()
        ],
        f"The share read as {TARGET} by the network that the patch was made on, and by two of the same recipe with "
        f"other seeds, which it has never asked; n = {few['n']:,}, the same images and places.",
        "r" + "r" * len(names),
    )
