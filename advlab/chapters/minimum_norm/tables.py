"""The table of the page on attacks of minimum norm."""

from __future__ import annotations

from typing import Any

from advlab.chapters.minimum_norm import measure
from advlab.engine.chapter import Table, table

SOURCES = (
    measure.deepfool_standard,
    measure.cw_standard,
    measure.fab_standard,
    measure.deepfool_robust,
    measure.cw_robust,
    measure.fab_robust,
)
ATTACKS = (("DeepFool", "L2"), ("C&W", "L2"), ("FAB", "L∞"))


def size(value: float | None) -> str:
    """A distance in pixel units as text, or a note that there is none."""
    return "none" if value is None else f"{value:.3f}"


@table(*SOURCES)
def medians(*results: dict[str, Any]) -> Table:
    """Each attack's median distance on each model, and how often it succeeded."""
    names = [(model, *attack) for model in ("standard", "PGD-trained") for attack in ATTACKS]
    rows = []
    for (model, attack, norm), result in zip(names, results, strict=True):
        median, success = result["median"], result["success"]
        interval = f"{size(median['low'])}&nbsp;to&nbsp;{size(median['high'])}"
        share = f"{success['count']:,} of {success['n']:,}"
        rows.append([model, attack, norm, size(median["value"]), interval, share])
    return Table(
        ["model", "attack", "norm", "median", "95% interval", "succeeded"],
        rows,
        "The median distance to the nearest error that an attack found, in pixel units: white box, untargeted, inside "
        "black and white. Over the images that the model reads right without an attack; a failure counts as "
        f"infinitely far. DeepFool and FAB see n = {results[0]['n']:,} test images, C&W a part of them "
        f"({results[1]['n']:,}). Intervals by order statistics, for the draw of images. A distance found is an upper "
        "bound of the true one.",
        "lllrrr",
    )
