"""The tables of the page on the ladder."""

from __future__ import annotations

from typing import Any

from advlab.chapters.ladder.measure import robust, standard
from advlab.chapters.ladder.upper_rungs import (
    robust_autoattack,
    robust_restarts,
    standard_autoattack,
    standard_restarts,
)
from advlab.chapters.shared.cells import with_interval
from advlab.engine.chapter import Table, table

Result = dict[str, Any]
#: The epsilons at which both models were measured.
SHARED = ("0.1", "0.3")


def format_p(p: float) -> str:
    """A p-value as text; below a thousandth as a power of ten."""
    # A minus sign, since a narrow cell would break at a hyphen.
    return f"{p:.3f}" if p >= 0.001 else f"<&nbsp;10<sup>\N{MINUS SIGN}{-min(-3, _power(p))}</sup>"


def _power(p: float) -> int:
    """The smallest power of ten that is above p."""
    power = -3
    while power > -99 and p < 10.0 ** (power - 1):
        power -= 1
    return power


@table(standard, robust)
def pairs(of_standard: Result, of_robust: Result) -> Table:
    """FGSM and PGD on the same images."""
    rows = []
    for name, result in (("standard", of_standard), ("PGD-trained", of_robust)):
        for epsilon in SHARED:
            row = result["epsilons"][epsilon]
            pair = row["FGSM and PGD"]
            rows.append(
                [
                    f"{name}, {epsilon}",
                    with_interval(row["FGSM"]),
                    with_interval(row["PGD"]),
                    str(pair["only_first"]),
                    str(pair["only_second"]),
                    format_p(pair["p"]),
                ]
            )
    return Table(
        ["model, ε", "FGSM", "PGD-40", "PGD alone", "FGSM alone", "p"],
        rows,
        f"Accuracy under FGSM and PGD-40 (L-infinity, untargeted, white box) on the same n = {of_standard['n']:,} test "
        "images, with 95% Wilson intervals; ε in pixel units. Alone: images that this attack breaks and the other does "
        "not. p: McNemar's exact test of the images on which the two differ. An accuracy "
        "under attack is an upper bound of robust accuracy.",
        "lrrrrr",
    )


@table(standard, robust, standard_restarts, robust_restarts, standard_autoattack, robust_autoattack)
def rungs(
    of_standard: Result, of_robust: Result, restarts: Result, robust_again: Result, four: Result, robust_four: Result
) -> Table:
    """Every rung: the standard model at 0.1, the PGD-trained one at 0.3."""
    low, high = of_standard["epsilons"]["0.1"], of_robust["epsilons"]["0.3"]
    names = {"noise": "random noise", "FGSM": "FGSM", "PGD": "PGD-40", "margin": "PGD-40, margin loss"}
    rows = [["none", with_interval(of_standard["clean"]), with_interval(of_robust["clean"]), f"{of_standard['n']:,}"]]
    rows += [
        [shown, with_interval(low[rung]), with_interval(high[rung]), f"{low[rung]['n']:,}"]
        for rung, shown in names.items()
    ]
    last = [result["epsilons"][at][-1] for result, at in ((restarts, "0.1"), (robust_again, "0.3"))]
    rows.append([f"PGD-40, {restarts['restarts']} restarts", *map(with_interval, last), f"{restarts['n']:,}"])
    best = [result["epsilons"][at]["AutoAttack"] for result, at in ((four, "0.1"), (robust_four, "0.3"))]
    rows.append(["AutoAttack", *map(with_interval, best), f"{four['n']:,}"])
    return Table(
        ["attack", "standard, ε = 0.1", "PGD-trained, ε = 0.3", "n"],
        rows,
        "Accuracy on each rung (L-infinity, pixel units, untargeted, white box), with 95% Wilson intervals. Rows of "
        "smaller n see a part of the same images: compare them with the others within their intervals only.",
        "lrrr",
    )
