"""The plot of the page on evaluating: the naive accuracy beside the honest one, for each pitfall."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.ticker import PercentFormatter

from advlab.chapters.evaluating.checks import restarts
from advlab.chapters.evaluating.measure import dropping, masked, outputs, rounding, search
from advlab.chapters.evaluating.pitfalls import pitfalls
from advlab.chapters.shared import style
from advlab.chapters.shared.cells import percent
from advlab.engine.chapter import Drawing, figure

Result = dict[str, Any]


@figure(masked, rounding, dropping, outputs, search, restarts)
def dots(*results: Result) -> Drawing:
    """Two dots per pitfall on one line, with intervals: hollow for the reported figure, full for the honest one."""
    rows = pitfalls(*results)
    drawing, axes = plt.subplots(figsize=(style.WIDTH, 0.46 * len(rows) + 1.1))
    for height, row in enumerate(reversed(rows)):
        axes.plot([row.honest["value"], row.naive["value"]], [height, height], color=style.color("grid"), linewidth=5)
        for of, hue, face, marker, shift in (
            (row.naive, style.color("clean"), "none", "o", 0.14),
            (row.honest, style.color("fgsm"), style.color("fgsm"), "s", -0.14),
        ):
            axes.plot([of["low"], of["high"]], [height + shift] * 2, color=hue, linewidth=1.3)
            axes.plot([of["value"]], [height + shift], marker, color=hue, markerfacecolor=face, markersize=8)
    axes.set_yticks(range(len(rows)), [row.name for row in reversed(rows)])
    axes.set(xlim=(-0.03, 1.03), ylim=(-0.6, len(rows) - 0.1), xlabel="accuracy under attack")
    axes.xaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    axes.grid(visible=False, axis="y")
    axes.text(0.0, 1.01, "○ as reported", transform=axes.transAxes, color=style.color("clean"), weight="bold")
    axes.text(0.32, 1.01, "■ honest", transform=axes.transAxes, color=style.color("fgsm"), weight="bold")
    said = "; ".join(f"{row.name}: {percent(row.naive['value'])} and {percent(row.honest['value'])}" for row in rows)
    sizes = sorted({row.honest["n"] for row in rows})
    return Drawing(
        drawing,
        alt=f"Pairs of dots, accuracy as reported and as an honest attack leaves it. {said}.",
        caption="What was reported and what a better evaluation leaves, pitfall by pitfall. Bars are 95% Wilson "
        f"intervals, n = {' or '.join(f'{n:,}' for n in sizes)} test images. The table below says how each "
        "came about.",
    )
