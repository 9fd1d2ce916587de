"""Accuracies, changed pixels and conversions."""

from typing import Any

from advlab.chapters.wrong_unit.measure import PICTURED, PRINTED, units, ways
from advlab.chapters.wrong_unit.variants import EPSILONS, WAYS
from advlab.data import STD
from advlab.engine.chapter import Table, table


@table(ways)
def accuracies(result: dict[str, Any]) -> Table:
    """Accuracy under each way beside the accuracies that the article prints."""
    rows = []
    for epsilon, printed in zip(EPSILONS, PRINTED, strict=True):
        ours = [result[way][f"{epsilon:g}"]["accuracy"] for way in WAYS]
        cells = [f"{100 * one['value']:.1f}%<br>{100 * one['low']:.1f} to {100 * one['high']:.1f}" for one in ours]
        rows.append([f"{epsilon:g}", *cells, f'<span class="published">{100 * printed:.2f}%</span>'])
    distances = [f"{result[way]['misfit']:.1f} points" for way in WAYS]
    rows.append(["mean<br>distance", *distances, ""])
    return Table(
        ["$\\epsilon$", *(name for name, _ in WAYS.values()), "the article prints"],
        rows,
        f"Accuracy on n = {result['n']:,} test images under four ways to run FGSM on one network (L-infinity, "
        "untargeted, white box; one training seed), with 95% Wilson intervals; last, the mean "
        "distance from the printed accuracies. " + " ".join(f"{name}: {what}." for name, what in WAYS.values()),
        "lrrrrr",
    )


@table(ways)
def pixels_changed(result: dict[str, Any]) -> Table:
    """What each way does to pixels at epsilon 0 and at 0.2."""
    rows = []
    for way, (name, _) in WAYS.items():
        start, later = result[way]["0"], result[way][f"{PICTURED:g}"]
        shares = [start["altered"], later["moved"], later["outside"]]
        rows.append(
            [name, f"{100 * shares[0]:.1f}%", f"{start['largest']:.3f}", *(f"{100 * s:.1f}%" for s in shares[1:])]
        )
    return Table(
        [
            "",
            "altered<br>at 0",
            "largest change<br>at 0",
            f"moved by a<br>step of {PICTURED:g}",
            f"outside the range<br>at {PICTURED:g}",
        ],
        rows,
        f"Shares of all pixels of {result['n']:,} test images. Altered at 0: differ from the image although "
        f"$\\epsilon = 0$; the largest such change is in pixel units. Moved by a step: at $\\epsilon = {PICTURED:g}$ "
        "differ from what the same way shows at 0. Outside the range: darker than black or brighter than white.",
        "lrrrr",
    )


@table(units)
def conversions(result: dict[str, Any]) -> Table:
    """Each epsilon, read in pixel units and in normalised units, in all three units."""
    rows = []
    for name in result["pixels"]:
        first, second = result["pixels"][name], result["normalised"][name]
        rows.append(
            [
                name,
                f"{first['of_255']:.2f}/255",
                f"{first['normalised']:.4f}",
                f"{second['pixels']:.4f}",
                f"{second['of_255']:.2f}/255",
            ]
        )
    return Table(
        [
            "the<br>number",
            "in pixels:<br>grey levels",
            "in pixels:<br>normalised",
            "normalised:<br>pixels",
            "normalised:<br>grey levels",
        ],
        rows,
        f"Each number read in pixels, then as normalised, converted into the other units by the deviation {STD:g}.",
        "lrrrr",
    )
