"""What the page on preprocessing claims about its results."""

from __future__ import annotations

from typing import Any

from advlab.chapters.preprocessing.measure import (
    coarse,
    jpeg,
    median,
    one_bit,
    over_epsilon,
    resizing,
    total_variation,
)
from advlab.chapters.preprocessing.undefended import pixels, undefended
from advlab.engine.chapter import claim

Result = dict[str, Any]


@claim(jpeg, total_variation, coarse, median, resizing, one_bit)
def cost_little(*results: Result) -> bool:
    """No defense's clean accuracy falls below 90 %."""
    return all(of["clean"]["value"] >= 0.9 for of in results)


@claim(undefended, jpeg, median, one_bit)
def some_help_against_the_static_attack(bare: Result, *results: Result) -> bool:
    """At the smaller epsilon FGSM made on the bare model leaves JPEG, median and one bit more than the bare model."""
    return all(of["FGSM, static, 0.1"]["value"] > bare["FGSM, 0.1"]["value"] for of in results)


@claim(undefended, coarse)
def coarse_rounding_makes_it_worse(bare: Result, result: Result) -> bool:
    """At the smaller epsilon FGSM's images fool the model more often behind three bits than without the defense."""
    return bool(result["FGSM, static, 0.1"]["value"] < bare["FGSM, 0.1"]["value"])


@claim(jpeg, total_variation, coarse, median, resizing)
def static_leaves_little(*results: Result) -> bool:
    """At the larger epsilon FGSM and PGD made on the bare model leave every defense but one bit less than 40%."""
    return all(of[f"{attack}, static, 0.3"]["value"] < 0.4 for of in results for attack in ("FGSM", "PGD"))


@claim(jpeg, total_variation, coarse, median, resizing)
def five_fall(*results: Result) -> bool:
    """At the larger epsilon the adaptive attack leaves less than 5 % of every defense but one-bit rounding."""
    return all(of["adaptive, 0.3"]["value"] < 0.05 for of in results)


@claim(jpeg, total_variation, coarse, median, resizing, one_bit)
def adaptive_leaves_less(*results: Result) -> bool:
    """The adaptive attack leaves every defense no more than FGSM made without the defense does, at both epsilons."""
    return all(
        of[f"adaptive, {epsilon}"]["value"] <= of[f"FGSM, static, {epsilon}"]["value"]
        for of in results
        for epsilon in ("0.1", "0.3")
    )


@claim(undefended, total_variation, jpeg, median, resizing)
def smoothing_leaves_more(bare: Result, smooth: Result, *others: Result) -> bool:
    """At the smaller epsilon total variation and another filter keep more under adaptive attack than the bare model."""
    least = bare["PGD, 0.1"]["value"]
    return bool(smooth["adaptive, 0.1"]["value"] > least < max(of["adaptive, 0.1"]["value"] for of in others))


@claim(one_bit)
def one_bit_stands(result: Result) -> bool:
    """At the larger epsilon, behind one bit, more than half of the images withstand every attack that was tried."""
    return bool(result["adaptive, 0.3"]["low"] > 0.5)


@claim(one_bit)
def the_search_is_strongest(result: Result) -> bool:
    """No other attack leaves one-bit rounding less than the search over single pixels does."""
    others = [name for name in result if name.endswith(", 0.3") and not name.startswith(("single", "adaptive"))]
    return all(result["single pixels, 0.3"]["value"] <= result[name]["value"] for name in others)


@claim(one_bit, over_epsilon)
def one_bit_falls_later(near: Result, further: Result) -> bool:
    """Accuracy behind one bit falls beyond the larger epsilon: at one half, less than 5 % is left."""
    return bool(further["0.4"]["value"] < near["adaptive, 0.3"]["value"] and further["0.5"]["value"] < 0.05)


@claim(pixels)
def nearly_binary(result: Result) -> bool:
    """Nine pixels in ten are nearly black or nearly white."""
    return bool(result["black or white"] >= 0.9)
