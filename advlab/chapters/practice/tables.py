"""The tables of the page on practice."""

from __future__ import annotations

from typing import Any

from advlab.chapters.audit_your_model import trained_on_pgd
from advlab.chapters.practice.measure import ALERTED, CONFIDENT, audited, robust, standard
from advlab.chapters.practice.release import NOISE, THRESHOLDS, decide
from advlab.chapters.shared.cells import percent, with_interval
from advlab.engine.chapter import Table, table

Result = dict[str, Any]
#: The attacks in the order of the page; JSON keeps no order.
ATTACKERS = ("FGSM", "PGD", "PGD, fitted")
#: What an audit's attacks stand for: the attacker, the attack, and what it needs to see.
KNOWLEDGE = (
    ("nobody, chance only", NOISE),
    ("has a network of their own", "transfer"),
    ("may ask for the model's logits", "Square"),
    ("has the model, in a hurry", "FGSM"),
    ("has the model", "PGD"),
)


@table(audited, trained_on_pgd)
def attackers(undefended: Result, defended: Result) -> Table:
    """Two models under attackers who know more and more."""
    rows = [
        [who, attack, *(with_interval(found["attacks"][attack]["accuracy"]) for found in (undefended, defended))]
        for who, attack in KNOWLEDGE
    ]
    rows.append(
        ["all of them together", "worst case", *(with_interval(one["robust"]) for one in (undefended, defended))]
    )
    return Table(
        ["the attacker", "attack", "standard", "trained on PGD's images"],
        rows,
        f"Accuracy left in two quick audits: L-infinity, ε = {undefended['epsilon']:g} in pixels, untargeted, "
        f"n = {undefended['robust']['n']} test images, 95% Wilson intervals; each is an upper bound.",
        "llrr",
    )


@table(audited, trained_on_pgd)
def thresholds(undefended: Result, defended: Result) -> Table:
    """The threshold of each use, and the decision on both models."""
    reports = [as_reported(found) for found in (undefended, defended)]
    rows = [
        [
            f"**{one.use}**",
            one.adversary,
            one.counts,
            f"{100 * one.at_least:.0f}%",
            *(decide(report, one) for report in reports),
        ]
        for one in THRESHOLDS
    ]
    return Table(
        ["use", "adversary", "what counts", "at least", "standard", "trained on PGD's images"],
        rows,
        "The examples of the file above, held against both audits by the lower end of the 95% Wilson interval: "
        f"L-infinity, ε = {undefended['epsilon']:g} in pixels, untargeted, n = {undefended['robust']['n']}. Standard "
        f"has {with_interval(undefended['robust'])} in the worst case and "
        f"{with_interval(undefended['attacks'][NOISE]['accuracy'])} under random noise; the other "
        f"{with_interval(defended['robust'])} and {with_interval(defended['attacks'][NOISE]['accuracy'])}.",
        "lllrll",
    )


def as_reported(found: Result) -> Result:
    """A stored audit in the form of `advlab audit --json`, in which the attacks are a list."""
    return found | {"attacks": [{"name": name, **one} for name, one in found["attacks"].items()]}


@table(standard)
def alerts(result: Result) -> Table:
    """Which attacks an alert on low confidence catches."""
    rows = []
    for name in ("clean", *ATTACKERS):
        one = result["under"][name]
        rows.append(
            [
                name,
                with_interval(one["accuracy"]),
                percent(one["alerts"]["value"]),
                f"{one['errors']:,}",
                "" if one["errors that are confident"] is None else percent(one["errors that are confident"]["value"]),
                "" if one["errors without an alert"] is None else with_interval(one["errors without an alert"]),
            ]
        )
    return Table(
        ["images", "accuracy", "alerts", "errors", f"above {CONFIDENT:.0%}", "no alert"],
        rows,
        f"The standard model under an alert that is set to question {100 * ALERTED:g}% of other clean images "
        f"(n = {result['held out']:,}). L-infinity, ε = {result['epsilon']:g} in pixels, untargeted, white box, "
        f"n = {result['n']} attacked and {result['watched']:,} clean test images, 95% Wilson intervals; PGD of "
        f"{result['steps']} steps. Of the errors: those with a confidence above "
        f"{CONFIDENT:.0%}, and those without an alert.",
        "lrrrrr",
    )


@table(standard, robust)
def calibration(undefended: Result, defended: Result) -> Table:
    """The calibration error before and after a temperature is fitted."""
    rows = [
        [
            model,
            under,
            f"{result['temperature']:.2f}",
            percent(result["under"][under]["accuracy"]["value"]),
            f"{100 * result['under'][under]['before']['error']:.2f}%",
            f"{100 * result['under'][under]['after']['error']:.2f}%",
        ]
        for model, result in (("standard", undefended), ("trained on PGD's images", defended))
        for under in ("clean", "FGSM", "PGD")
    ]
    return Table(
        ["model", "images", "temperature", "accuracy", "calibration error before", "after"],
        rows,
        f"Expected calibration error over fifteen bins; the temperature was fitted on {undefended['held out']:,} other "
        f"clean test images. n = {undefended['watched']:,} clean and {undefended['n']} attacked images; L-infinity, "
        f"ε = {undefended['epsilon']:g} in pixels, untargeted, white box; PGD of {undefended['steps']} steps.",
        "llrrrr",
    )


@table(audited, trained_on_pgd)
def cards(undefended: Result, defended: Result) -> Table:
    """The robustness cards of two models of this book."""
    rows = [
        [
            f"**{name}**",
            with_interval(found["clean"]),
            with_interval(found["robust"]),
            ", ".join(flag["name"] for flag in found["flags"]) or "none",
            found["said"],
        ]
        for name, found in (("standard", undefended), ("robust", defended))
    ]
    return Table(
        ["model of the book", "clean", "worst case", "flags", "the card's verdict"],
        rows,
        f"Quick audits: L-infinity, ε = {undefended['epsilon']:g} in pixels, untargeted, white and black box, "
        f"n = {undefended['robust']['n']} test images, 95% Wilson intervals. The cards themselves are linked here:",
        "lrrll",
    )
