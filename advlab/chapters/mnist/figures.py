"""The plots of the closing page: how far apart the classes are, and where the pixels lie."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import PercentFormatter

from advlab.chapters.mnist.measure import BINS, neighbours, pixels
from advlab.chapters.shared import style
from advlab.chapters.shared.cells import percent
from advlab.engine.chapter import Drawing, figure

Result = dict[str, Any]


@figure(neighbours)
def distances(result: Result) -> Drawing:
    """Histograms of the L-infinity distance to the nearest image of the same and of another class, with the balls."""
    drawn, axes = plt.subplots(figsize=(style.WIDTH, 3.8))
    edges = np.linspace(0, 1, 41).tolist()
    of = result["Linf"]
    kinds: tuple[tuple[str, str, style.Role], ...] = (
        ("same", "same class", "clean"),
        ("other", "another class", "fgsm"),
    )
    for key, label, role in kinds:
        weights = np.full(len(of[key]), 1 / len(of[key]))
        axes.hist(of[key], edges, weights=weights, histtype="step", color=style.color(role), linewidth=2, label=label)
    for radius in (result["small"], result["large"]):
        axes.axvline(radius, color=style.color("ink"), linewidth=1, linestyle=":")
        axes.text(radius + 0.01, 0.98, f"ε = {radius:g}", transform=axes.get_xaxis_transform(), va="top")
    axes.set(xlim=(0, 1), xlabel="L-infinity distance to the nearest training image, in pixels", ylabel="test images")
    axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    axes.legend(loc="center left", frameon=False)
    least = of["nearest of another class"]["least"]
    return Drawing(
        drawn,
        alt=f"Two histograms of distances in L-infinity, both far to the right of the radii {result['small']:g} and "
        f"{result['large']:g}: nearest of the same class, median {of['nearest of the same class']['median']:.2f}; of "
        f"another class, median {of['nearest of another class']['median']:.2f} and nowhere below {least:.2f}.",
        caption=f"L-infinity distance, in pixels, from a test image to the nearest of {result['training images']:,} "
        f"training images. n = {result['n']:,} test images. Dotted: the radii of the book.",
    )


@figure(pixels)
def values(result: Result) -> Drawing:
    """How often each grey level occurs."""
    drawn, axes = plt.subplots(figsize=(style.WIDTH, 2.8))
    middles = (np.arange(BINS) + 0.5) / BINS
    axes.bar(middles, result["shares"], width=0.9 / BINS, color=style.color("clean"))
    axes.set(xlim=(0, 1), xlabel="value of a pixel (black is 0, white is 1)", ylabel="pixels")
    axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    return Drawing(
        drawn,
        alt=f"Bars of pixel values: nearly all at the two ends. {percent(result['black'])} are exactly black, "
        f"{percent(result['nearly black or white'])} within {result['nearly']:g} of black or white.",
        caption=f"Values of all pixels of the {result['n']:,} test images.",
    )
