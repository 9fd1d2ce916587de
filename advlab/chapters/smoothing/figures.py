"""The pictures and plots of the page on smoothing."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.lines import Line2D

from advlab.chapters.shared import style
from advlab.chapters.shared import two_dots as two_dots
from advlab.chapters.shared.cells import percent
from advlab.chapters.shared.two_dots import Pair
from advlab.chapters.smoothing.attack import attacked_half, attacked_one, attacked_quarter
from advlab.chapters.smoothing.geometry import picture
from advlab.chapters.smoothing.measure import half, one, quarter
from advlab.engine.chapter import Drawing, figure

Result = dict[str, Any]
#: The role of each noise, from the smallest to the largest: colour, marker and stroke.
ROLES: tuple[style.Role, ...] = ("clean", "fgsm", "noise")


@figure(picture)
def noisy(result: Result) -> Drawing:
    """One digit, clean and under each noise, and the network's votes over many such draws."""
    panels = {"clean": result["clean"]} | {f"σ = {sigma}": of["shown"] for sigma, of in result["noisy"].items()}
    drawn, axes = plt.subplots(2, len(panels), figsize=(style.WIDTH, 3.7), height_ratios=(2, 1.2), squeeze=False)
    for place, (name, pixels) in zip(axes[0], panels.items(), strict=True):
        style.show(place, np.asarray(pixels) / 255, name)
    axes[1][0].axis("off")
    for place, of in zip(axes[1][1:], result["noisy"].values(), strict=True):
        colours = [style.color("clean" if digit == result["label"] else "fgsm") for digit in range(10)]
        place.bar(range(10), of["counts"], color=colours)
        place.set(xticks=range(0, 10, 3), yticks=(0, result["votes"]), ylim=(0, result["votes"]), xlabel="answer")
        place.grid(visible=False)
    axes[1][1].set_ylabel("votes")
    words = "; ".join(
        f"σ = {sigma}: {of['counts'][result['label']]} of {result['votes']} answers are {result['label']}"
        for sigma, of in result["noisy"].items()
    )
    return Drawing(
        drawn,
        alt=f"A handwritten {result['label']}, clean and under three sizes of noise, with bars of the votes below. "
        f"{words}.",
        caption=f"The first test image of the subset under Gaussian noise, and how the network that was trained under "
        f"that noise answers {result['votes']} draws of it. Pixels outside of the range are shown as black or white; "
        "the network gets them as they are.",
    )


@figure(quarter, half, one, attacked_quarter, attacked_half, attacked_one)
def curves(*results: Result) -> Drawing:
    """Certified accuracy against radius, the largest radius that the draws can certify, and accuracy under attack."""
    certificates, attacks = results[:3], results[3:]
    drawn, axes = plt.subplots(figsize=(style.WIDTH, 4.6))
    said = []
    for number, (found, attack, role) in enumerate(zip(certificates, attacks, ROLES, strict=True)):
        aside = (number - 1) * 0.03  # otherwise marks of one radius would hide each other
        curve = {float(radius): of["value"] for radius, of in found["at"].items() if of["count"]}
        last = found["largest radius"]
        looks = style.line(role) | {"marker": ""}
        axes.plot(list(curve), list(curve.values()), label=f"σ = {found['sigma']:g}", **looks)
        axes.axvline(last, color=style.color(role), linewidth=1, linestyle=":")
        for radius, of in attack["radii"].items():
            left, at = of["PGD through the noise"], float(radius) + aside
            axes.plot([at, at], [left["low"], left["high"]], color=style.color(role), linewidth=1.2)
            axes.plot([at], [left["value"]], style.MARKS[role]["marker"], color=style.color(role), markersize=8)
        inner = ", ".join(f"{percent(of['value'])} at {radius}" for radius, of in list(found["at"].items())[::5])
        tried = ", ".join(
            f"{percent(of['PGD through the noise']['value'])} at {radius}" for radius, of in attack["radii"].items()
        )
        said.append(f"σ = {found['sigma']:g}: certified {inner}; the draws end at {last:.2f}; attacked {tried}")
    axes.set(xlabel="L2 radius, in pixel units", ylabel="accuracy", xlim=(0, 3.1))
    style.percent_axis(axes)
    handles = [
        Line2D([], [], **(style.line(role) | {"label": f"σ = {found['sigma']:g}"}))
        for found, role in zip(certificates, ROLES, strict=True)
    ]
    axes.legend(handles=handles, loc="lower left", title="line: certified, mark: attacked")
    return Drawing(
        drawn,
        alt="Three falling lines of certified accuracy against the L2 radius, and marks above them. "
        f"{'. '.join(said)}.",
        caption="Lines: the share of images proved right at that radius, a lower bound. Marks: what the attack through "
        "the noise leaves, an upper bound, on every fifth of the images, side by side where they share a radius. "
        f"n = {certificates[0]['at']['0']['n']:,} and {next(iter(attacks[0]['radii'].values()))['certified']['n']:,}, "
        "strokes: 95% Wilson intervals. Dotted: the largest radius that the number of draws can prove, even if all "
        "agree.",
    )


@figure(attacked_quarter, attacked_half, attacked_one)
def dots(*results: Result) -> Drawing:
    """Two dots per radius: hollow under PGD on the network alone, full under PGD through the noise."""
    rows = [
        Pair(f"σ = {found['sigma']:g}, radius {radius}", of["PGD on the network"], of["PGD through the noise"])
        for found in results
        for radius, of in found["radii"].items()
    ]
    return Drawing(
        two_dots.draw(rows, "accuracy under attack", naive="network alone", adaptive="through the noise"),
        alt="Pairs of dots, accuracy after an attack on the network alone and after one through the noise. "
        f"{two_dots.said(rows)}.",
        caption="The smoothed classifiers under L2 attacks: hollow, PGD on the network without noise, full, PGD on the "
        f"mean of {results[0]['samples']} draws a step; {results[0]['steps']} steps each. n = {rows[0].naive['n']:,} "
        f"test images, 95% Wilson intervals; each verdict is of {results[0]['verdict']:,} fresh draws; to abstain is "
        "wrong.",
    )
