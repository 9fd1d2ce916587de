"""The tables of the page on FGSM."""

from __future__ import annotations

from typing import Any

from advlab.chapters.fgsm.control import noise
from advlab.chapters.fgsm.measure import CONFIDENT, curve, epsilon_table
from advlab.chapters.fgsm.theory import DIGITS, linear
from advlab.chapters.shared.cells import percent, with_interval
from advlab.chapters.shared.published import published
from advlab.engine.chapter import Table, table
from advlab.engine.external_results import UnknownName


@table(epsilon_table)
def epsilons(result: dict[str, Any]) -> Table:
    """Accuracy at the five epsilons, each in three units."""
    rows = []
    for row in result.values():
        sure = row["confident errors"]
        units = row["epsilon"]
        rows.append(
            [
                f"{units['pixels']:g}",
                f"{units['of_255']:g}/255",
                f"{units['normalised']:.3f}",
                with_interval(row["accuracy"]),
                percent(row["moved pixels"]),
                f"{sure['count']:,} of {sure['n']:,}" if sure else "no errors",
            ]
        )
    n = result["0"]["accuracy"]["n"]
    return Table(
        ["ε, pixels", "n/255", "normalised", "accuracy", "moved", "sure errors"],
        rows,
        f"FGSM against the standard model: L-infinity, untargeted, white box; n = {n:,} test images, one training. "
        "In brackets 95% Wilson intervals. Moved: the share of pixels that change. Sure errors: those in which the "
        f"wrong answer has a confidence above {CONFIDENT:g}, of all errors. An accuracy under attack is an upper bound "
        "of robust accuracy.",
        "rrrrrr",
    )


@table(noise)
def controls(result: dict[str, Any]) -> Table:
    """FGSM beside noise of the same epsilon and noise of the same length."""
    kinds = ("FGSM", "same epsilon", "same L2")
    return Table(
        ["ε, pixels", "FGSM", "noise, same ε", "noise, same L2", "L2 of each"],
        [
            [
                f"{float(epsilon):g}",
                *(with_interval(row[kind]["accuracy"]) for kind in kinds),
                ",&nbsp;".join(f"{row[kind]['L2']:.2f}" for kind in kinds),
            ]
            for epsilon, row in sorted(result.items(), key=lambda item: float(item[0]))
        ],
        "Accuracy with 95% Wilson intervals under FGSM and under random signs, on the same "
        f"n = {result['0.2']['FGSM']['accuracy']['n']:,} test images. L2: the mean norm of the change after clipping, "
        "of the three in this order.",
        "rrrrr",
    )


@table(linear)
def worst_case(result: dict[str, Any]) -> Table:
    """The linear model: the loss by the formula and after the actual steps."""
    rows = []
    for epsilon, row in result["epsilons"].items():
        rises = [f"{row[name]:.3f}" for name in ("predicted", "measured", "corners", "clipped")]
        shares = [with_interval(row[name]) for name in ("accuracy", "clipped accuracy")]
        rows.append([epsilon, *rises, *shares])
    return Table(
        ["ε, pixels", "formula", "FGSM", "corners", "clipped", "right, FGSM", "right, clipped"],
        rows,
        f"A linear model of {DIGITS[0]} against {DIGITS[1]}: the mean rise of the loss by the formula, by FGSM without "
        f"clipping, at the best of {result['corners']} random corners of the ball, and by FGSM with clipping; then the "
        f"accuracy under both kinds of FGSM with 95% Wilson intervals. Trained on {result['train images']:,} images; "
        f"n = {result['n']:,} test images; clean accuracy {with_interval(result['accuracy'])}. L-infinity, untargeted, "
        "white box; float64.",
        "rrrrrrr",
    )


def printed(key: str) -> str:
    """A published figure as a cell; "" where the source prints none."""
    try:
        return f'<span class="published">{100 * published(key)["value"]:.2f}%</span>'
    except UnknownName:
        return ""


@table(epsilon_table, curve)
def beside(result: dict[str, Any], between: dict[str, Any]) -> Table:
    """Our accuracies beside the tutorial's and the article's."""
    rows = result | between
    known = [e for e in sorted(rows, key=float) if printed(f"tutorial_fgsm_{e}") or printed(f"article_fgsm_{e}")]
    return Table(
        ["ε as printed", "here", "PyTorch's tutorial", "the article"],
        [
            [
                epsilon,
                with_interval(rows[epsilon]["accuracy"]),
                printed(f"tutorial_fgsm_{epsilon}"),
                printed(f"article_fgsm_{epsilon}") or (printed("article_clean_accuracy") if epsilon == "0" else ""),
            ]
            for epsilon in known
        ],
        f"Accuracy under FGSM here (n = {rows['0']['accuracy']['n']:,}, pixel units) and as printed by others, whose "
        "networks and trainings differ. The tutorial works in pixel units; the article's unit is a page of its own.",
        "rrrr",
    )
