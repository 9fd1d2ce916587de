"""The picture of the closing page: how near each image is to its own class, and to the others."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt

from advlab.chapters import style
from advlab.chapters.mnist.measure import separation
from advlab.stored import Drawing, figure

TITLES = {"Linf": "L-infinity: the largest change of a pixel", "L2": "L2: the length of the whole change"}
#: What the book attacks with most, in the L-infinity panel; pixel units.
BALL = 0.3


@figure(separation)
def neighbours(result: dict[str, Any]) -> Drawing:
    """A dot an image: the distance to its own class against the distance to the nearest other."""
    drawing, panels = plt.subplots(1, 2, figsize=(style.WIDTH, 3.9))
    for axes, (norm, title) in zip(panels, TITLES.items(), strict=True):
        own, other = zip(*result[norm]["distances"], strict=True)
        most = 1.05 * max(*own, *other)
        axes.plot([0, most], [0, most], color=style.color("muted"), linewidth=1, linestyle="--")
        axes.plot(own, other, "o", color=style.color("clean"), markersize=4, alpha=0.5, markeredgewidth=0)
        axes.set(xlim=(0, most), ylim=(0, most), xlabel="to the own class", ylabel="to another class", title=title)
        axes.title.set_fontsize(11)
        axes.text(0.97 * most, 0.86 * most, "equal", ha="right", color=style.color("muted"))
        if norm == "Linf":
            axes.axhline(2 * BALL, color=style.color("fgsm"), linewidth=1.5)
            axes.text(0.02, 2 * BALL - 0.03, "two balls of 0.3\ntouch below this", va="top", color=style.color("fgsm"))
    one, two = result["Linf"], result["L2"]
    return Drawing(
        drawing,
        alt="Two scatter plots of nearest distances, own class across and other classes upwards. In L-infinity almost "
        f"all dots lie close to the upper right corner: own class {one['own class, median']:.2f}, others "
        f"{one['median']:.2f} in the median, and none below {one['smallest']:.2f}. In L2 they spread above the "
        f"diagonal: {two['own class, median']:.2f} and {two['median']:.2f}, the smallest {two['smallest']:.2f}.",
        caption=f"Distances from {result['test images']:,} test images to the nearest of {result['train images']:,} "
        "training images, in pixel units. Above the dashed line the nearest neighbour has the right class.",
    )
