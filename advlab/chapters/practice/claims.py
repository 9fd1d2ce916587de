"""What the page on practice claims about its results."""

from __future__ import annotations

from typing import Any

from advlab.chapters.audit_your_model import trained_on_pgd
from advlab.chapters.practice.drift import KS, MEAN
from advlab.chapters.practice.measure import audited, robust, standard
from advlab.chapters.practice.release import NOISE, THRESHOLDS, decide
from advlab.chapters.practice.tables import as_reported
from advlab.engine.chapter import claim

Result = dict[str, Any]


def unseen(result: Result, name: str) -> float:
    """The share of an attack's errors that raise no alert."""
    return float(result["under"][name]["errors without an alert"]["value"])


@claim(audited, trained_on_pgd)
def clean_tells_nothing(undefended: Result, defended: Result) -> bool:
    """The models differ by at most eight points on clean images and by at least half of the scale under attack."""
    apart = [abs(undefended[name]["value"] - defended[name]["value"]) for name in ("clean", "robust")]
    return apart[0] <= 0.08 and apart[1] >= 0.5


@claim(audited)
def knowledge_matters(result: Result) -> bool:
    """Random noise leaves the standard model nine images in ten or more, all attacks together less than one in ten."""
    return bool(result["attacks"][NOISE]["accuracy"]["value"] >= 0.9 and result["robust"]["value"] < 0.1)


@claim(trained_on_pgd)
def one_model_two_decisions(result: Result) -> bool:
    """The model trained on PGD's images is released for one use under attack but not for another."""
    decisions = {decide(as_reported(result), one) for one in THRESHOLDS if one.counts != NOISE}
    return "release" in decisions and len(decisions) > 1


@claim(standard)
def fgsm_is_seen(result: Result) -> bool:
    """The alert catches more than half of FGSM's errors."""
    return unseen(result, "FGSM") < 0.5


@claim(standard)
def pgd_is_confident(result: Result) -> bool:
    """More than half of PGD's errors have a confidence above nine in ten, and more than half raise no alert."""
    return bool(result["under"]["PGD"]["errors that are confident"]["value"] > 0.5 and unseen(result, "PGD") > 0.5)


@claim(standard)
def fitted_is_missed(result: Result) -> bool:
    """The alert misses at least as many of the errors fitted to it as of PGD's, and at least three in five."""
    return unseen(result, "PGD, fitted") >= max(0.6, unseen(result, "PGD"))


@claim(robust)
def the_robust_model_gains(result: Result) -> bool:
    """The fitted temperature lowers the robust model's calibration error on clean images by a quarter or more."""
    one = result["under"]["clean"]
    return bool(one["after"]["error"] <= 0.75 * one["before"]["error"])


@claim(standard)
def standard_was_calibrated(result: Result) -> bool:
    """The standard model's calibration error on clean images is below one point as trained."""
    return bool(result["under"]["clean"]["before"]["error"] < 0.01)


@claim(standard)
def calibration_ends_under_attack(result: Result) -> bool:
    """The standard model's calibration error under FGSM and PGD is twenty points or more, at either temperature."""
    return all(result["under"][name][when]["error"] >= 0.2 for name in ("FGSM", "PGD") for when in ("before", "after"))


@claim(standard)
def floods_are_seen(result: Result) -> bool:
    """The test of the distribution raises an alarm in 95% or more of the windows of which half is attacked."""
    return all(one["0.5"][KS]["value"] >= 0.95 for one in result["windows"]["under"].values())


@claim(standard)
def few_are_not_seen(result: Result) -> bool:
    """With two in a hundred attacked, neither monitor raises an alarm in over one window in four, for any attack."""
    return all(one["0.02"][by]["value"] <= 0.25 for one in result["windows"]["under"].values() for by in (KS, MEAN))


@claim(standard)
def fitted_hides_from_the_mean(result: Result) -> bool:
    """With half of a window attacked, the mean detects less than a third of fitted windows, nearly all of FGSM's."""
    under = result["windows"]["under"]
    return bool(under["PGD, fitted"]["0.5"][MEAN]["value"] < 1 / 3 and under["FGSM"]["0.5"][MEAN]["value"] >= 0.95)


@claim(standard)
def the_mean_is_quicker_on_fgsm(result: Result) -> bool:
    """With a tenth of a window under FGSM, the mean detects at least thirty points more than the distribution."""
    one = result["windows"]["under"]["FGSM"]["0.1"]
    return bool(one[MEAN]["value"] - one[KS]["value"] >= 0.3)
