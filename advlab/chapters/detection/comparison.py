"""Each detector as its authors tested it and under the attack made for it, as this page and the trade-off show it."""

from __future__ import annotations

from typing import Any

from advlab.chapters.detection.evaded import consistency, density, mahalanobis, network, squeezers
from advlab.chapters.shared import style
from advlab.chapters.shared.two_dots import Pair

Result = dict[str, Any]
#: The role of each detector, by its name on the page and in the order of the measurements.
LOOKS: dict[str, style.Role] = {
    "Mahalanobis": "clean",
    "kernel density": "fgsm",
    "second network": "noise",
    "median filter": "pgd",
    "one bit, median": "article",
}
#: The measurements of the detectors, in the same order.
SOURCES = (mahalanobis, density, network, consistency, squeezers)


def pairs(*results: Result) -> list[Pair]:
    """Each detector's accuracy under FGSM, which does not know it, and under the attack on model and detector."""
    return [
        Pair(name, result["FGSM"]["after rejection"], result["joint"]["after rejection"])
        for name, result in by_detector(results).items()
    ]


def by_detector(results: tuple[Result, ...]) -> dict[str, Result]:
    """The detectors' results by name."""
    return dict(zip(LOOKS, results, strict=True))
