"""What the page on attacks of minimum norm claims about its results."""

from __future__ import annotations

import math
from typing import Any

from advlab.chapters.minimum_norm import measure
from advlab.chapters.minimum_norm.least_changes import by_class, within
from advlab.chapters.minimum_norm.theory import closed_form
from advlab.engine.chapter import claim


def middle(result: dict[str, Any]) -> float:
    """The median distance; infinity where the attack failed on half of the images."""
    value = result["median"]["value"]
    return math.inf if value is None else float(value)


@claim(closed_form)
def formula_is_met(result: dict[str, Any]) -> bool:
    """DeepFool and FAB agree with the formula to a thousandth, in both norms."""
    rows = (result["L2"], result["Linf"])
    return all(abs(row[name] / row["formula"] - 1) < 1e-3 for row in rows for name in ("DeepFool", "FAB"))


@claim(measure.deepfool_standard, measure.cw_standard, measure.fab_standard)
def always_succeed(*results: dict[str, Any]) -> bool:
    """On the standard model no attack failed on any image."""
    return all(result["success"]["count"] == result["success"]["n"] for result in results)


@claim(measure.deepfool_standard, measure.cw_standard, measure.deepfool_robust, measure.cw_robust)
def cw_is_nearer(*results: dict[str, Any]) -> bool:
    """C&W's median is below DeepFool's on both models."""
    deepfool_standard, cw_standard, deepfool_robust, cw_robust = map(middle, results)
    return cw_standard < deepfool_standard and cw_robust < deepfool_robust


@claim(measure.fab_standard, measure.fab_robust)
def further_in_linf(standard: dict[str, Any], robust: dict[str, Any]) -> bool:
    """The PGD-trained model's median L-infinity distance is more than twice the standard one's."""
    return middle(robust) > 2 * middle(standard)


@claim(measure.cw_standard, measure.cw_robust, measure.fab_standard, measure.fab_robust)
def less_gained_in_l2(*results: dict[str, Any]) -> bool:
    """The PGD-trained model gains a smaller factor in L2, which it was not trained for, than in L-infinity."""
    cw_standard, cw_robust, fab_standard, fab_robust = map(middle, results)
    return cw_robust / cw_standard < fab_robust / fab_standard


@claim(measure.fab_standard, measure.pgd_standard, measure.fab_robust, measure.pgd_robust)
def curve_meets_pgd(*results: dict[str, Any]) -> bool:
    """At each of PGD's epsilons the share that FAB's distances leave is at most three points above PGD's accuracy."""
    pairs = ((results[0], results[1]), (results[2], results[3]))
    return all(
        1 - within(found, float(epsilon)) <= accuracy["value"] + 0.03
        for found, pgd in pairs
        for epsilon, accuracy in pgd["epsilons"].items()
    )


@claim(measure.fab_standard)
def digits_differ(result: dict[str, Any]) -> bool:
    """The largest median distance of a digit is at least a quarter above the smallest one's."""
    medians = [row["value"] for row in by_class(result).values() if row["value"] is not None]
    return max(medians) >= 1.25 * min(medians)
