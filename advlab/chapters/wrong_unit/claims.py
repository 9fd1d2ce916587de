"""What the page on the wrong unit claims about its results."""

from typing import Any

from advlab.chapters.wrong_unit.measure import ways
from advlab.chapters.wrong_unit.variants import EPSILONS, WAYS
from advlab.engine.chapter import claim


def _values(ways_result: dict[str, Any], way: str) -> list[float]:
    return [ways_result[way][f"{epsilon:g}"]["accuracy"]["value"] for epsilon in EPSILONS]


@claim(ways)
def printed_fits_pixels(result: dict[str, Any]) -> bool:
    """Of the four columns the one in pixel units has the least mean absolute distance from the printed numbers."""
    return min(WAYS, key=lambda way: result[way]["misfit"]) == "pixels"


@claim(ways)
def order_at_two_tenths(result: dict[str, Any]) -> bool:
    """At epsilon 0.2 accuracy under A is above C, C above B, B above D."""
    one, two, three, four = (
        result[way]["0.2"]["accuracy"]["value"] for way in ("article", "normalised", "repository", "pixels")
    )
    return one > two > three > four


@claim(ways)
def clamp_alters_nearly_all(result: dict[str, Any]) -> bool:
    """At epsilon 0 way A alters more than nine pixels in ten, and ways C and D alter none."""
    altered = {way: result[way]["0"]["altered"] for way in WAYS}
    return altered["article"] > 0.9 and altered["normalised"] == altered["pixels"] == 0


@claim(ways)
def clamp_change_exceeds_ball(result: dict[str, Any]) -> bool:
    """At epsilon 0 way A changes a pixel by more than the largest epsilon of the table, read in pixels."""
    return result["article"]["0"]["largest"] > max(EPSILONS)


@claim(ways)
def article_barely_falls(result: dict[str, Any]) -> bool:
    """From epsilon 0 to 0.3 accuracy falls by less than ten points under A and by more than fifty under D."""
    falls = {way: _values(result, way)[0] - _values(result, way)[-1] for way in WAYS}
    return falls["article"] < 0.1 and falls["pixels"] > 0.5


@claim(ways)
def step_swallowed(result: dict[str, Any]) -> bool:
    """At every epsilon above 0 the step moves fewer than one pixel in five under A, more than half of them under D."""
    sizes = [f"{epsilon:g}" for epsilon in EPSILONS[1:]]
    return all(result["article"][e]["moved"] < 0.2 and result["pixels"][e]["moved"] > 0.5 for e in sizes)


@claim(ways)
def only_repository_leaves_range(result: dict[str, Any]) -> bool:
    """At 0.2 way B puts more than a third of all pixels where no image can have them; the other ways none."""
    outside = {way: result[way]["0.2"]["outside"] for way in WAYS}
    return outside["repository"] > 1 / 3 and sum(outside[way] for way in WAYS if way != "repository") == 0
