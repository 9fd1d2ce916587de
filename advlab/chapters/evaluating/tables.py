"""The tables of the page on evaluating."""

from __future__ import annotations

from typing import Any

from advlab.chapters.evaluating.checks import checks_robust, checks_standard, restarts
from advlab.chapters.evaluating.measure import dropping, masked, outputs, rounding, search
from advlab.chapters.evaluating.pitfalls import pitfalls
from advlab.chapters.shared.cells import with_interval
from advlab.engine.chapter import Table, table

Result = dict[str, Any]


@table(masked, rounding, dropping, outputs, search, restarts)
def faults(*results: Result) -> Table:
    """Each pitfall: the naive figure and the honest one, and the attack behind each."""
    rows = [
        [
            row.name,
            f"{row.epsilon:g}",
            f"{row.naive_way}: {with_interval(row.naive)}",
            f"{row.honest_way}: {with_interval(row.honest)}",
            f"{row.honest['n']:,}",
        ]
        for row in pitfalls(*results)
    ]
    return Table(
        ["pitfall", "ε, pixels", "as reported", "honest", "n"],
        rows,
        "Accuracy under attack: L-infinity, untargeted, white box, the standard model and what was made of it, one "
        "training. In brackets 95% Wilson intervals. n counts all images; those right before the attack are fewer.",
        "lrllr",
    )


@table(masked)
def behind_the_mask(result: Result) -> Table:
    """The masked model under attacks that depend less and less on its gradient."""
    whats = {
        "clean": "none",
        "FGSM": "FGSM, cross-entropy",
        "PGD": "PGD, cross-entropy",
        "PGD, margin": "PGD, margin loss",
        "Square": f"Square, {result['queries']} queries",
        "transfer": "FGSM on the undefended model, transferred",
    }
    return Table(
        ["attack", "accuracy"],
        [[what, with_interval(result[name])] for name, what in whats.items()],
        f"The masked model, L-infinity, ε = {result['epsilon']:g} in pixels, untargeted; n = {result['clean']['n']:,}, "
        "95% Wilson intervals.",
        "lr",
    )


@table(checks_standard, checks_robust)
def checklist(of_standard: Result, of_robust: Result) -> Table:
    """The checks of the list, with their outcomes on two honest models."""

    def both(what: str) -> list[str]:
        return [with_interval(of[what]) for of in (of_standard, of_robust)]

    def count(what: str) -> list[str]:
        return [f"{of[what]:,} of {of['PGD']['n']:,}" for of in (of_standard, of_robust)]

    rows = [
        ["no attack", *both("clean")],
        ["random noise", *both("noise")],
        ["FGSM", *both("FGSM")],
        [f"PGD, {of_standard['steps']} steps", *both("PGD")],
        [f"PGD, {of_standard['steps'] // 2} steps", *both("PGD, half the steps")],
        ["PGD, margin loss", *both("PGD, margin")],
        ["worst case of these for each image", *both("worst case")],
        ["transfer from the other model", *both("transfer")],
        [f"Square, {of_standard['queries']} queries", *both("Square")],
        ["PGD at ε = 1", *both("PGD, epsilon one")],
        ["broken by black box alone", *count("only black box")],
        ["gradients that are all zero", *count("vanished")],
        ["largest change of a pixel", *(f"{of['largest change']:.4f}" for of in (of_standard, of_robust))],
    ]
    epsilons = [f"{of['epsilon']:g}" for of in (of_standard, of_robust)]
    return Table(
        ["check", f"standard, ε = {epsilons[0]}", f"PGD-trained, ε = {epsilons[1]}"],
        rows,
        f"L-infinity, pixel units, untargeted; n = {of_standard['PGD']['n']:,}, 95% Wilson intervals. Each model is "
        "the other's surrogate for the transfer, which is FGSM.",
        "lrr",
    )
