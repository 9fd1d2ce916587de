"""The data and the network, drawn: digits, pixels, layers."""

from __future__ import annotations

import math
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch, Rectangle

from advlab.chapters.model.measure import architecture, data
from advlab.chapters.shared import style
from advlab.data import CLASSES, MEAN, STD, mnist
from advlab.engine.chapter import Drawing, claim, figure

PIXEL_IMAGE = 0  # of the test split
PIXEL_CORNER, PIXEL_SIDE = (7, 14), 7  # row and column of the enlarged part, and how many pixels it is wide


@figure(data)
def digits(result: dict[str, Any]) -> Drawing:
    """A few training images of each class over a bar of how many there are."""
    images, shown, counts = mnist("train").images, result["shown"], result["counts"]["train"]
    rows = len(shown[0])
    fig = plt.figure(figsize=(style.WIDTH, 4.1), layout="none")
    grid = fig.add_gridspec(
        rows + 1, CLASSES, left=0.005, right=0.995, top=0.995, bottom=0.01, wspace=0.08, hspace=0.08,
        height_ratios=[1] * rows + [1.7],
    )  # fmt: skip
    for digit in range(CLASSES):
        for row, index in enumerate(shown[digit]):
            style.show(fig.add_subplot(grid[row, digit]), images[index])
        axes = fig.add_subplot(grid[rows, digit])
        axes.bar([0], [counts[digit]], color=style.color("clean"), width=0.8)
        axes.text(0, counts[digit], f"{counts[digit]:,}", ha="center", va="bottom", fontsize=10)
        axes.text(
            0, 0.05 * max(counts), str(digit), ha="center", color=style.color("paper"), weight="bold", fontsize=14
        )
        axes.set(ylim=(0, 1.25 * max(counts)), xlim=(-0.5, 0.5))
        axes.axis("off")
    listed = ", ".join(f"{digit}: {count:,}" for digit, count in enumerate(counts))
    return Drawing(
        fig,
        alt=f"A grid of handwritten digits, white on black, {rows} of each class from 0 to 9, above bars with the "
        f"number of training images of each class: {listed}.",
        caption=f"The first {rows} training images of each class, and how many of the {result['train']:,} there are.",
    )


@figure(data)
def pixel(result: dict[str, Any]) -> Drawing:
    """One digit, and a part of it enlarged until its numbers can be read."""
    image = mnist("test").images[PIXEL_IMAGE, 0]
    top, left = PIXEL_CORNER
    part = image[top : top + PIXEL_SIDE, left : left + PIXEL_SIDE]
    fig, (whole, close) = plt.subplots(1, 2, figsize=(style.WIDTH, 3.5))
    style.show(whole, image)
    frame: dict[str, Any] = {"fill": False, "edgecolor": style.color("fgsm"), "linewidth": 2}
    whole.add_patch(Rectangle((left - 0.5, top - 0.5), PIXEL_SIDE, PIXEL_SIDE, **frame))
    style.show(close, part)
    for axes in (whole, close):
        axes.grid(visible=False)
    for spine in close.spines.values():
        spine.set(color=style.color("fgsm"), linewidth=2)
    for row in range(PIXEL_SIDE):
        for column in range(PIXEL_SIDE):
            value = float(part[row, column])
            text = "0" if value == 0 else f"{value:.2f}"
            shade = style.LIGHT["ink"] if value > 0.5 else style.DARK["ink"]  # on the pixel, not on the page
            close.text(column, row, text, ha="center", va="center", fontsize=11, color=shade)
    zeros = int((part == 0).sum())
    return Drawing(
        fig,
        alt=f"Left a handwritten seven. Right a part of it, {PIXEL_SIDE} by {PIXEL_SIDE} pixels, enlarged, with "
        f"each pixel's value written in it: {zeros} of {part.numel()} are 0, the stroke is near "
        f"{float(part.max()):.2f}.",
        caption=f"Left: test image {PIXEL_IMAGE}, {result['side']} by {result['side']} pixels. Right: the framed "
        "part. A pixel is one number, from 0 (black) to 1 (white).",
    )


@figure(architecture)
def diagram(result: dict[str, Any]) -> Drawing:
    """The layers from top to bottom: each one's output and number of parameters."""
    rows = [{"name": "image", "kind": "", "shape": result["input"], "parameters": 0}, *result["layers"]]
    most = max(row["parameters"] for row in rows)
    fig, axes = plt.subplots(figsize=(style.WIDTH, 0.47 * len(rows) + 0.4), layout="none")
    fig.subplots_adjust(left=0, right=1, top=1, bottom=0)
    axes.set(xlim=(0, 14), ylim=(len(rows) - 0.4, -1.0), aspect="equal")
    axes.axis("off")
    for x, text in ((0.1, "layer"), (5.0, "puts out"), (9.9, "parameters")):
        axes.text(x, -0.72, text, color=style.color("muted"), fontsize=11, va="center")
    for y, row in enumerate(rows):
        learns = row["parameters"] > 0
        colour = style.color("clean" if learns else "muted")
        box = FancyBboxPatch(
            (0.1, y - 0.31), 3.9, 0.62, boxstyle="round,pad=0,rounding_size=0.12", linewidth=1.6 if learns else 0.9,
            edgecolor=colour, facecolor="none", linestyle="-" if row["kind"] else ":",
        )  # fmt: skip
        axes.add_patch(box)
        axes.text(0.3, y, row["name"], va="center", weight="bold" if learns else "normal", fontsize=12)
        axes.text(3.85, y, row["kind"], va="center", ha="right", color=style.color("muted"), fontsize=10)
        if y + 1 < len(rows):
            arrow = {"arrowstyle": "-|>", "color": style.color("muted"), "linewidth": 1, "shrinkA": 0, "shrinkB": 0}
            axes.annotate("", (2.05, y + 0.7), (2.05, y + 0.31), arrowprops=arrow)
        _volume(axes, 5.0, y, row["shape"], colour)
        axes.text(6.75, y, " × ".join(f"{size:,}" for size in row["shape"]), va="center", fontsize=12)
        if learns:
            axes.add_patch(Rectangle((9.9, y - 0.24), 1.9 * row["parameters"] / most + 0.03, 0.48, color=colour))
            axes.text(10.1 + 1.9 * row["parameters"] / most, y, f"{row['parameters']:,}", va="center", fontsize=12)
    described = "; ".join(
        f"{row['name']} ({row['kind']}) puts out {' by '.join(map(str, row['shape']))}"
        + (f" and has {row['parameters']:,} parameters" if row["parameters"] else "")
        for row in result["layers"]
    )
    return Drawing(
        fig,
        alt=f"The network from top to bottom, beginning with an image of {' by '.join(map(str, result['input']))}: "
        f"{described}. Together {result['parameters']:,} parameters.",
        caption="SimpleCNN, drawn from the model object: hooks on its children read off names and shapes. Blue "
        f"layers learn. Together {result['parameters']:,} parameters.",
    )


def _volume(axes: Axes, x: float, y: float, shape: list[int], colour: str) -> None:
    """Draws a layer's output: sheets as large as its maps, more of them for more maps; a bar for a vector."""
    if len(shape) == 1:
        width = 0.28 * math.log2(shape[0])
        axes.add_patch(Rectangle((x, y - 0.09), width / 2.2, 0.18, facecolor="none", edgecolor=colour, linewidth=1.2))
        return
    side = 0.66 * shape[-1] / 28
    for sheet in reversed(range(1 + round(math.log2(shape[0])))):
        corner = (x + 0.13 * sheet, y - side / 2)
        axes.add_patch(Rectangle(corner, side, side, facecolor=style.color("paper"), edgecolor=colour, linewidth=1))


@claim(data)
def constants_fit(result: dict[str, Any]) -> bool:
    """The constants in the code are the training pixels' mean and standard deviation, to four decimals."""
    return bool(round(result["mean"], 4) == MEAN and round(result["std"], 4) == STD)


@claim(data)
def mostly_black(result: dict[str, Any]) -> bool:
    """About four pixels in five are exactly 0, in both splits."""
    return all(0.78 < result[share] < 0.83 for share in ("black", "black_test"))


@claim(data)
def nearly_balanced(result: dict[str, Any]) -> bool:
    """The largest class has less than a third more training images than the smallest."""
    return bool(result["most"] < 4 / 3 * result["fewest"])


@claim(architecture)
def fc1_holds_nearly_all(result: dict[str, Any]) -> bool:
    """More than nine in ten parameters belong to fc1."""
    return bool(result["fc1_share"] > 0.9)
