"""What the page on smoothing claims about its results."""

from __future__ import annotations

from typing import Any

from advlab.chapters.smoothing.attack import attacked_half, attacked_one, attacked_quarter
from advlab.chapters.smoothing.geometry import lengths
from advlab.chapters.smoothing.measure import half, one, quarter
from advlab.engine.chapter import claim

Result = dict[str, Any]


@claim(attacked_quarter, attacked_half, attacked_one)
def never_broken(*results: Result) -> bool:
    """No attacked image gets another class within the radius proved for it, under either attack."""
    return all(of["broken certificates"] == 0 for found in results for of in found["radii"].values())


@claim(attacked_quarter, attacked_half, attacked_one)
def attack_lies_above(*results: Result) -> bool:
    """At each radius the attack through the noise leaves at least as many of its images as are proved."""
    return all(
        of["PGD through the noise"]["count"] >= of["certified"]["count"]
        for found in results
        for of in found["radii"].values()
    )


@claim(attacked_half)
def noise_helps_the_attack(result: Result) -> bool:
    """At the middle noise PGD through it never leaves more than PGD without, and at some radius five points less."""
    gains = [of["PGD on the network"]["value"] - of["PGD through the noise"]["value"]
             for of in result["radii"].values()]  # fmt: skip
    return bool(min(gains) >= 0 and max(gains) >= 0.05)


@claim(attacked_quarter, attacked_one)
def noise_adds_little_elsewhere(*results: Result) -> bool:
    """At the smallest and the largest noise the two attacks differ by less than five points, at every radius."""
    return all(
        abs(of["PGD through the noise"]["value"] - of["PGD on the network"]["value"]) < 0.05
        for found in results
        for of in found["radii"].values()
    )


@claim(quarter, half, one)
def more_noise_costs_accuracy(*results: Result) -> bool:
    """The share proved at radius zero falls from each noise to the next larger one."""
    shares = [found["at"]["0"]["value"] for found in results]
    return bool(shares[0] > shares[1] > shares[2])


@claim(quarter, half, one)
def more_noise_reaches_further(*results: Result) -> bool:
    """The largest radius grows with the noise, and the largest noise proves some images where the others prove none."""
    radii = [found["largest radius"] for found in results]
    beyond = [of["count"] for radius, of in results[2]["at"].items() if float(radius) > radii[1]]
    return bool(radii[0] < radii[1] < radii[2] and max(beyond) > 0)


@claim(half)
def draws_are_the_limit(result: Result) -> bool:
    """At the middle noise at least a tenth of the images are proved at the last radius that the draws can prove."""
    within = [of["value"] for radius, of in result["at"].items() if float(radius) <= result["largest radius"]]
    return bool(within[-1] >= 0.1)


@claim(lengths)
def beyond_other_classes(result: Result) -> bool:
    """The covering radius exceeds the median distance to another class's nearest image; nearly all lie within it."""
    return bool(result["covering"] > result["median distance to another class"] and result["within covering"] >= 0.9)
