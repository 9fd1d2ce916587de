"""What the page on detection claims about its results."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from advlab.chapters.detection.comparison import SOURCES
from advlab.chapters.detection.evaded import by_signs, consistency, density, mahalanobis, network, squeezers
from advlab.chapters.detection.larger_epsilons import black_and_white, growing
from advlab.chapters.detection.measure import base_rates
from advlab.engine.chapter import claim

Result = dict[str, Any]
#: An adaptive attack has to leave less than this. The tables have figures near 5%; other machines' weights differ.
BROKEN = 0.1
THIRTY_POINTS = 0.3
FIFTH = 0.2


def after(result: Result, attack: str) -> Result:
    """The accuracy after rejection under an attack."""
    return dict(result[attack]["after rejection"])


@claim(mahalanobis, network)
def early_eyes_see_all(*results: Result) -> bool:
    """Mahalanobis and the second network each flag at least 99 in 100 of FGSM's images and of PGD's."""
    return all(result[attack]["flagged"]["value"] >= 0.99 for result in results for attack in ("FGSM", "PGD"))


@claim(squeezers)
def squeezing_flags_most(result: Result) -> bool:
    """With one bit and median, at least nine images in ten are right or flagged under FGSM and under PGD."""
    return min(after(result, "FGSM")["value"], after(result, "PGD")["value"]) >= 0.9


@claim(density, consistency)
def many_steps_pass_some(*results: Result) -> bool:
    """PGD, which knows no detector, leaves density and consistency less than FGSM; the intervals do not overlap."""
    return all(after(result, "PGD")["high"] < after(result, "FGSM")["low"] for result in results)


@claim(*SOURCES)
def limits_hold(*results: Result) -> bool:
    """Each detector flags at most one in ten of the attacked images' clean originals."""
    return all(result["clean"]["flagged"]["value"] <= 0.1 for result in results)


@claim(mahalanobis, density, network, consistency)
def four_fall(*results: Result) -> bool:
    """The joint attack leaves all but the squeezers less than a tenth, and at least 30 points less than FGSM."""
    return all(
        after(result, "joint")["value"] < BROKEN
        and after(result, "FGSM")["value"] - after(result, "joint")["value"] >= THIRTY_POINTS
        for result in results
    )


@claim(by_signs, mahalanobis)
def signs_are_not_enough(signs: Result, softly: Result) -> bool:
    """Steps along signs leave Mahalanobis at least three times the accuracy that steps along the plain gradient do."""
    return bool(after(signs, "joint")["value"] >= 3 * after(softly, "joint")["value"])


@claim(squeezers)
def one_holds(result: Result) -> bool:
    """The squeezers keep at least nine images in ten under the joint attack."""
    return bool(after(result, "joint")["value"] >= 0.9)


@claim(squeezers, growing)
def it_falls_further_out(here: Result, beyond: Result) -> bool:
    """The joint attack leaves the squeezers less at each larger epsilon, and less than one in five at the last."""
    rows = beyond["epsilons"]
    left = [after(here, "joint"), *(rows[epsilon]["attack on both"] for epsilon in sorted(rows, key=float))]
    falls = all(one["value"] > two["value"] for one, two in pairwise(left))
    return falls and bool(left[-1]["value"] < FIFTH)


@claim(black_and_white)
def one_bit_alone_resists(result: Result) -> bool:
    """PGD straight through one bit leaves at least three images in four, without any detector."""
    return bool(result["PGD, straight through"]["value"] >= 0.75)


@claim(black_and_white)
def few_can_cross(result: Result) -> bool:
    """At the book's epsilon fewer than one pixel in ten can cross the middle."""
    return bool(result["can cross"][f"{result['epsilon']:g}"] < result["of"] / 10)


@claim(base_rates)
def nearly_all_alarms_are_false(result: Result) -> bool:
    """At the page's base rate at most one alarm in a hundred is a real attack, for either share of false alarms."""
    return max(result["at base rate"].values()) <= 0.01
