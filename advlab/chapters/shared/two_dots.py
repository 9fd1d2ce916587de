"""Two dots per row: the accuracy reported for a defense and the one under the attack made for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from advlab.chapters.shared import style
from advlab.chapters.shared.cells import percent

Result = dict[str, Any]


@dataclass(frozen=True)
class Pair:
    """One row: its name and two accuracies with intervals, as measurements store them."""

    name: str
    naive: Result
    adaptive: Result


def draw(
    rows: Sequence[Pair], label: str, *, naive: str = "as its authors tested", adaptive: str = "adaptive attack"
) -> Figure:
    """A figure with hollow dots for naive accuracies and full squares for adaptive ones, joined row by row.

    Args:
        rows: from top to bottom.
        label: the label of the horizontal axis.
        naive: the legend of the hollow dots.
        adaptive: the legend of the full squares.
    """
    drawing, axes = plt.subplots(figsize=(style.WIDTH, 0.45 * len(rows) + 1.2))
    for height, row in enumerate(reversed(rows)):
        ends = [row.adaptive["value"], row.naive["value"]]
        axes.plot(ends, [height, height], color=style.color("grid"), linewidth=5)
        for of, hue, face, marker, shift in (
            (row.naive, style.color("clean"), "none", "o", 0.14),
            (row.adaptive, style.color("fgsm"), style.color("fgsm"), "s", -0.14),
        ):
            axes.plot([of["low"], of["high"]], [height + shift] * 2, color=hue, linewidth=1.3)
            axes.plot([of["value"]], [height + shift], marker, color=hue, markerfacecolor=face, markersize=8)
    axes.set_yticks(range(len(rows)), [row.name for row in reversed(rows)])
    axes.set(xlim=(-0.03, 1.03), ylim=(-0.6, len(rows) - 0.1), xlabel=label)
    axes.xaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    axes.grid(visible=False, axis="y")
    axes.text(0.0, 1.02, f"○ {naive}", transform=axes.transAxes, color=style.color("clean"), weight="bold")
    axes.text(0.46, 1.02, f"■ {adaptive}", transform=axes.transAxes, color=style.color("fgsm"), weight="bold")
    return drawing


def said(rows: Sequence[Pair]) -> str:
    """The rows in words, for an alternative text."""
    return "; ".join(f"{row.name}: {percent(row.naive['value'])} and {percent(row.adaptive['value'])}" for row in rows)
