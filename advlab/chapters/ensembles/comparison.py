"""Each defense as usually tested and under the attack made for it, as this page and the trade-off show it."""

from __future__ import annotations

from typing import Any

from advlab.chapters.ensembles.measure import EPSILONS, MEAN, VOTE
from advlab.chapters.shared.two_dots import Pair

Result = dict[str, Any]


def pairs(plain: Result, steps: Result, layers: Result) -> list[Pair]:
    """Each defense's accuracy as usually reported and under the attack made for it, in the order of the page."""
    first = makers(plain)[0]
    rows = [
        Pair(f"vote, ε = {epsilon}", plain["epsilons"][epsilon][first][VOTE], steps["epsilons"][epsilon][MEAN][VOTE])
        for epsilon in (f"{one:g}" for one in EPSILONS)
    ]
    under = layers["under"]
    naive, adaptive = under["FGSM on one member"]["stack"], under["attack on the stack"]["stack"]
    rows.append(Pair(f"stack, ε = {layers['epsilon']:g}", naive, adaptive))
    return rows


def makers(result: Result) -> list[str]:
    """Names of what images were made on: member by member, then the mean."""
    rows = result["epsilons"][next(iter(result["epsilons"]))]
    return sorted(rows, key=lambda name: (name == MEAN, name))
