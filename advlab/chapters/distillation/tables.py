"""The tables of the page on distillation."""

from __future__ import annotations

from typing import Any

from advlab.chapters.distillation.measure import attacks, authors_attack, gradients
from advlab.chapters.shared.cells import with_interval
from advlab.engine.chapter import Table, table

Result = dict[str, Any]


@table(attacks)
def ladder(result: Result) -> Table:
    """The student under attacks that depend less and less on its softmax."""
    rows = {
        "clean": "none",
        "FGSM": "FGSM, as its authors ran it",
        "PGD": "PGD, cross-entropy",
        "FGSM, cooled": "FGSM, logits divided by T",
        "PGD, cooled": "PGD, logits divided by T",
        "PGD, margin": "PGD, margin of the logits",
        "FGSM, transfer": "FGSM on the undefended model, transferred",
        "PGD, transfer": "PGD on the undefended model, transferred",
    }
    return Table(
        ["attack", "accuracy of the student"],
        [[what, with_interval(result[name])] for name, what in rows.items()],
        f"L-infinity, ε = {result['epsilon']:g} in pixels, untargeted; white box but for the transfers; PGD of "
        f"{result['steps']} steps. n = {result['clean']['n']:,} test images, one training, 95% Wilson intervals. Every "
        "verdict is the student's at temperature one.",
        "lr",
    )


@table(gradients)
def signs(result: Result) -> Table:
    """Both models without an attack."""
    rows = [
        ["accuracy, no attack", *(with_interval(result[name]["clean"]) for name in ("standard", "student"))],
        ["lead of the right logit, median", *(f"{result[name]['lead']:.1f}" for name in ("standard", "student"))],
        [
            "gradients zero in every pixel",
            *(with_interval(result[name]["vanished at test temperature"]) for name in ("standard", "student")),
        ],
        ["the same, logits divided by T", "", with_interval(result["student"]["vanished cooled"])],
    ]
    return Table(
        ["", "undefended", "student"],
        rows,
        f"T = {result['temperature']:g}; n = {result['student']['clean']['n']:,} test images, 95% Wilson intervals. "
        "Gradient: of the cross-entropy in the image, in float32.",
        "lrr",
    )


@table(authors_attack)
def saliency_attack(result: Result) -> Table:
    """The authors' own attack, before and after its softmax is cooled."""
    rows = {
        "standard": "undefended model",
        "student": "student, probabilities at temperature one",
        "cooled": "student, probabilities at temperature T",
    }
    return Table(
        ["attacked", "pairs that reach the target"],
        [[what, with_interval(result[name])] for name, what in rows.items()],
        f"Success rate of the saliency attack: at most {result['pixels']} pixels made white, targeted, white box. "
        f"n = {result['student']['n']:,} pairs, of {result['images']:,} test images and all wrong classes; 95% Wilson "
        "intervals, which count pairs as if they were independent.",
        "lr",
    )
