"""The picture of the page: each published figure and ours on one line."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.ticker import PercentFormatter

from advlab.chapters.article.anchors import anchors
from advlab.chapters.article.measure import by_transfer, madrys_attacks, softmax_regression
from advlab.chapters.break_this_page import record
from advlab.chapters.fgsm import curve, epsilon_table, linear
from advlab.chapters.shared import style
from advlab.engine.chapter import Drawing, figure

Result = dict[str, Any]
SOURCES = (softmax_regression, linear, epsilon_table, curve, by_transfer, madrys_attacks, record)


@figure(*SOURCES)
def beside(*results: Result) -> Drawing:
    """Published figures as hollow marks, and ours as full marks with their intervals."""
    rows = anchors(*results)
    drawing, axes = plt.subplots(figsize=(style.WIDTH, 0.42 * len(rows) + 1.3))
    names = []
    for height, row in enumerate(reversed(rows)):
        axes.plot([row.theirs, row.value], [height, height], color=style.color("grid"), linewidth=4)
        if isinstance(row.ours, dict):
            axes.plot(
                [row.ours["low"], row.ours["high"]], [height - 0.16] * 2, color=style.color("fgsm"), linewidth=1.3
            )
        axes.plot(row.theirs, height + 0.1, "o", color=style.color("clean"), markerfacecolor="none", markersize=8)
        axes.plot(row.value, height - 0.16, "s", color=style.color("fgsm"), markersize=7)
        names.append(f"{row.source}\n{row.setting}")
    axes.set_yticks(range(len(rows)), names, fontsize=9)
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.6, len(rows) - 0.2), xlabel="error, confidence or accuracy, as named")
    axes.xaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    axes.grid(visible=False, axis="y")
    axes.text(0.0, 1.01, "○ published", transform=axes.transAxes, color=style.color("clean"), weight="bold")
    axes.text(0.4, 1.01, "■ measured here", transform=axes.transAxes, color=style.color("fgsm"), weight="bold")
    said = "; ".join(f"{row.source}, {row.setting}: {row.theirs:.1%} and {row.value:.1%}" for row in rows)
    shallow, _, table, _, moved, madry, best = results
    return Drawing(
        drawing,
        alt=f"Pairs of dots, a hollow one for the published figure and a full one for ours, on one line each. {said}.",
        caption="Hollow: what others published. Full: the nearest setting here, with its 95% interval (n = "
        f"{shallow['n']:,} for the linear classifier, {table['0.1']['accuracy']['n']:,} for SimpleCNN, {moved['n']:,} "
        f"for the transfer, {madry['n']:,} for PGD, {best['images']:,} for the recorded run). L-infinity, untargeted, "
        "pixel units; white box, but for the images of the base network.",
    )
