"""What the page on FGSM claims about its results."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from advlab.chapters.fgsm.control import noise
from advlab.chapters.fgsm.examples import distances
from advlab.chapters.fgsm.figures import over_epsilon
from advlab.chapters.fgsm.measure import CONFIDENT, EPSILONS, beyond, epsilon_table
from advlab.chapters.fgsm.theory import linear, rise
from advlab.chapters.model import data
from advlab.engine.chapter import claim


@claim(epsilon_table)
def accuracy_falls(result: dict[str, Any]) -> bool:
    """Accuracy falls at each of the five epsilons."""
    return all(one["value"] > two["value"] for one, two in pairwise(over_epsilon(result)[1]))


@claim(epsilon_table)
def as_expected(result: dict[str, Any]) -> bool:
    """At epsilon 0.2 accuracy lies between 30 and 55 per cent."""
    return bool(0.30 <= result["0.2"]["accuracy"]["value"] <= 0.55)


@claim(epsilon_table, data)
def above_chance(result: dict[str, Any], counted: dict[str, Any]) -> bool:
    """At epsilon 0.2 the interval lies above the share of the most frequent digit."""
    return bool(result["0.2"]["accuracy"]["low"] > counted["always_one"]["value"])


@claim(epsilon_table)
def most_pixels_move(result: dict[str, Any]) -> bool:
    """FGSM moves more than half of all pixels, but not all."""
    return all(0.5 < row["moved pixels"] < 1 for epsilon, row in result.items() if epsilon != "0")


@claim(epsilon_table)
def errors_can_be_sure(result: dict[str, Any]) -> bool:
    """Some errors under FGSM at epsilon 0.1 have a confidence above `CONFIDENT`."""
    return bool(result["0.1"]["confident errors"]["count"] > 0 and CONFIDENT >= 0.9)


@claim(noise)
def noise_does_less(result: dict[str, Any]) -> bool:
    """Noise of either kind at epsilon 0.3 leaves more accuracy than FGSM at 0.2, two thirds of the size."""
    kinds = ("same epsilon", "same L2")
    return all(result["0.3"][kind]["accuracy"]["value"] > result["0.2"]["FGSM"]["accuracy"]["value"] for kind in kinds)


@claim(beyond)
def not_monotone(result: dict[str, Any]) -> bool:
    """FGSM at some larger epsilon leaves more accuracy than at a smaller one."""
    return any(one["value"] < two["value"] for one, two in pairwise(over_epsilon(result)[1]))


@claim(linear)
def formula_is_exact(result: dict[str, Any]) -> bool:
    """On a linear model the formula gives FGSM's unclipped loss on every image, and no random corner exceeds it."""
    rows = result["epsilons"].values()
    same = all(row["predicted accuracy"] == row["accuracy"] for row in rows)
    return same and all(row["largest difference"] < 1e-9 and row["corners above"] == 0 for row in rows)


@claim(linear)
def clipping_weakens(result: dict[str, Any]) -> bool:
    """The step, once clipped to the domain, raises the linear model's loss less than the formula says."""
    return all(row["clipped"] < row["predicted"] for row in result["epsilons"].values())


@claim(rise)
def line_is_near_at_first(result: dict[str, Any]) -> bool:
    """At epsilon 0.01 the mean rise of the straight line is within a quarter of the real one."""
    row = result["epsilons"]["0.01"]
    return bool(abs(row["predicted"] - row["measured"]) < 0.25 * row["measured"])


@claim(rise)
def line_is_short_later(result: dict[str, Any]) -> bool:
    """At epsilon 0.1 the real mean rise is more than twice that of the straight line."""
    return bool(result["epsilons"]["0.1"]["measured"] > 2 * result["epsilons"]["0.1"]["predicted"])


@claim(rise)
def signs_beat_noise(result: dict[str, Any]) -> bool:
    """At every epsilon FGSM raises the mean loss more than ten times as far as random signs."""
    return all(row["measured"] > 10 * row["noise"] for row in result["epsilons"].values())


@claim(distances)
def classes_are_apart(result: dict[str, Any]) -> bool:
    """Images of different classes are further apart than two balls of the table's largest epsilon can reach."""
    return bool(result["smallest"] > 2 * max(EPSILONS))
