"""What the page on interval bounds claims about its results."""

from __future__ import annotations

from typing import Any

from advlab.chapters.intervals.attack import between, tested
from advlab.chapters.intervals.measure import growth, linear, plain, proved, undefended
from advlab.chapters.shared.published import published
from advlab.engine.chapter import claim

Result = dict[str, Any]


@claim(undefended)
def standard_is_unproved(result: Result) -> bool:
    """At the largest tiny epsilon no image is proved for the standard network, which is nearly always right clean."""
    return bool(list(result["at"].values())[-1]["count"] == 0 and result["clean"]["value"] >= 0.95)


@claim(growth)
def intervals_explode(result: Result) -> bool:
    """Relative to spread, the standard network's logit intervals are at least a hundred times the certified one's."""
    logits = {network: of["logits"] for network, of in result["widths"].items()}
    return bool(logits["standard"] >= 100 * logits["certified"])


@claim(tested)
def never_broken(of_tests: Result) -> bool:
    """No attack breaks a proved image at any epsilon that was tried."""
    return sum(count for of in of_tests["at"].values() for count in of["broken"].values()) == 0


@claim(between)
def bounds_are_close(result: Result) -> bool:
    """Up to the epsilon of most figures here, at most five images in a hundred are neither proved nor broken."""
    return all(of["unknown"]["value"] <= 0.05 for epsilon, of in result["at"].items() if float(epsilon) <= 0.3)


@claim(linear)
def linear_gains_nothing_here(result: Result) -> bool:
    """On the network trained for intervals, linear bounds prove no more images than intervals do, at any epsilon."""
    return all(of["linear"]["count"] <= of["intervals"]["count"] for of in result["certified"].values())


@claim(linear)
def linear_gains_elsewhere(result: Result) -> bool:
    """On the network trained under noise, linear bounds prove significantly more than intervals at each epsilon."""
    return all(of["linear"]["low"] > of["intervals"]["high"] for of in result["noise"].values())


@claim(proved)
def ours_is_lower(result: Result) -> bool:
    """The share proved lies below Gowal et al.'s with its whole confidence interval, at both of their epsilons."""
    return all(result["at"][e]["high"] < published(f"gowal_verified_{e}")["value"] for e in ("0.1", "0.3"))


@claim(plain, proved)
def contrast_proves_more(without: Result, behind: Result) -> bool:
    """With the layer that stretches the contrast, more images are proved up to epsilon 0.3, and more are right."""
    return behind["clean"]["count"] > without["clean"]["count"] and all(
        behind["at"][epsilon]["count"] > of["count"] for epsilon, of in without["at"].items() if float(epsilon) <= 0.3
    )


@claim(proved, undefended)
def accuracy_is_the_price(of_certified: Result, of_standard: Result) -> bool:
    """The certified network's clean accuracy lies below the standard one's, and the intervals do not overlap."""
    return bool(of_certified["clean"]["high"] < of_standard["clean"]["low"])
