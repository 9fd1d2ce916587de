"""What the page on evaluating claims about its results."""

from __future__ import annotations

from typing import Any

from advlab.chapters.evaluating.checks import checks_robust, checks_standard, restarts
from advlab.chapters.evaluating.measure import dropping, masked, outputs, rounding, search
from advlab.engine.chapter import claim

Result = dict[str, Any]
#: The most that doubling the steps may lower an accuracy that can be trusted.
TWO_POINTS = 0.02


@claim(masked)
def looks_robust(result: Result) -> bool:
    """The masked model's accuracy under FGSM is nine in ten or more, and at most three points below its clean one."""
    return bool(result["FGSM"]["value"] >= 0.9 and result["clean"]["value"] - result["FGSM"]["value"] <= 0.03)


@claim(masked)
def is_not_robust(result: Result) -> bool:
    """PGD on the margin loss leaves the masked model at most one image in a hundred."""
    return bool(result["PGD, margin"]["value"] <= 0.01)


@claim(masked)
def masked_answers_alike(result: Result) -> bool:
    """The masked model gives the standard model's answer on every image."""
    return bool(result["same answers"]["value"] == 1)


@claim(masked)
def black_box_beats_white_box(result: Result) -> bool:
    """Square and transfer each leave the masked model less than PGD on cross-entropy does."""
    return bool(max(result["Square"]["high"], result["transfer"]["high"]) < result["PGD"]["low"])


@claim(rounding)
def rounding_stops_fgsm(result: Result) -> bool:
    """Behind rounding FGSM changes no verdict, while straight-through PGD leaves at most one image in a hundred."""
    return bool(
        result["FGSM"]["count"] == result["clean"]["count"] and result["PGD, straight through"]["value"] <= 0.01
    )


@claim(dropping)
def averaging_is_stronger(result: Result) -> bool:
    """FGSM through the mean of several draws leaves less accuracy than FGSM through one draw."""
    return bool(result["FGSM, mean of draws"]["value"] < result["FGSM, one draw"]["value"])


@claim(dropping)
def denominator_flatters(result: Result) -> bool:
    """Accuracy under attack is higher as a share of the images right before than as a share of all images."""
    return bool(result["of those right before"]["value"] > result["FGSM, mean of draws"]["value"])


def hardly_moved(result: Result, name: str) -> bool:
    """Whether a mistake keeps PGD's accuracy within five points of the honest figure."""
    return bool(abs(result[name]["value"] - result["PGD on logits"]["value"]) < 0.05)


@claim(outputs)
def softmax_hardly_matters(result: Result) -> bool:
    """For signs of gradients, attacking probabilities instead of logits moves the accuracy by less than five points."""
    return hardly_moved(result, "PGD on probabilities")


@claim(outputs)
def two_hardly_differ(result: Result) -> bool:
    """Neither probabilities in place of logits nor dropout left on moves PGD's accuracy by five points."""
    return hardly_moved(result, "PGD on probabilities") and hardly_moved(result, "PGD in train mode")


@claim(search)
def unit_hides_the_attack(result: Result) -> bool:
    """The accuracy under an epsilon of the wrong unit lies above the honest one, and the intervals do not overlap."""
    return bool(result["normalised epsilon"]["low"] > result["many steps"]["high"])


@claim(search)
def steps_matter(result: Result) -> bool:
    """One small step of PGD leaves more than four do, and four leave more than many."""
    steps = [result[name]["value"] for name in ("one step", "few steps", "many steps")]
    return bool(steps[0] > steps[1] > steps[2])


@claim(restarts)
def per_example_is_lowest(result: Result) -> bool:
    """The worst case for each image lies below that for each batch, which lies at or below every restart."""
    return bool(result["per example"]["value"] < result["per batch"]["value"] <= result["worst"]["value"])


@claim(checks_standard, checks_robust)
def honest_models_keep_the_order(*results: Result) -> bool:
    """PGD leaves at most what FGSM does, and FGSM what noise does; epsilon one leaves nothing; no gradient vanishes."""
    return all(
        of["PGD"]["value"] <= of["FGSM"]["value"] <= of["noise"]["value"]
        and of["PGD, epsilon one"]["count"] == 0
        and of["vanished"] == 0
        and of["unchanged at zero"]
        and of["same again"]
        for of in results
    )


@claim(checks_standard, checks_robust)
def more_steps_change_little(*results: Result) -> bool:
    """Doubling PGD's steps lowers the accuracy of neither honest model by more than two points."""
    return all(of["PGD, half the steps"]["value"] - of["PGD"]["value"] <= TWO_POINTS for of in results)
