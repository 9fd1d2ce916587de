"""The plots of the page on ensembles: transfer between members, naive beside adaptive attacks, and the stack."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap, to_rgb

from advlab.chapters.ensembles.comparison import makers, pairs
from advlab.chapters.ensembles.layered import stack
from advlab.chapters.ensembles.measure import MEAN, VOTE, by_fgsm, by_pgd
from advlab.chapters.shared import style
from advlab.chapters.shared import two_dots as two_dots
from advlab.chapters.shared.cells import percent
from advlab.engine.chapter import Drawing, figure

Result = dict[str, Any]
#: The epsilons whose matrices are drawn.
DRAWN = ("0.1", "0.2")


def judges(result: Result) -> list[str]:
    """Names of the judges: member by member, the mean, the vote."""
    return [*makers(result), VOTE]


@figure(by_fgsm, by_pgd)
def matrices(plain: Result, steps: Result) -> Drawing:
    """Accuracy of every judge on images made on every member and on the mean."""
    drawn, panels = plt.subplots(2, len(DRAWN), figsize=(style.WIDTH, 6.6), sharex=True, sharey=True, squeeze=False)
    for row, (attack, result) in zip(panels, (("FGSM", plain), ("PGD", steps)), strict=True):
        for axes, epsilon in zip(row, DRAWN, strict=True):
            heat(axes, result, epsilon, f"{attack}, ε = {epsilon}")
        row[0].set_ylabel("made on")
    for axes in panels[-1]:
        axes.set_xlabel("judged by")
    words = "; ".join(
        f"{attack} at {epsilon}: made on one member, {percent(elsewhere(result, epsilon))} on the others; made on the "
        f"mean, {percent(result['epsilons'][epsilon][MEAN][VOTE]['value'])} by vote"
        for attack, result in (("FGSM", plain), ("PGD", steps))
        for epsilon in DRAWN
    )
    cells = [
        result["epsilons"][epsilon][made][asked]
        for result in (plain, steps)
        for epsilon in DRAWN
        for made in makers(result)
        for asked in judges(result)
    ]
    widest = max(cell["high"] - cell["low"] for cell in cells)
    return Drawing(
        drawn,
        alt="Four matrices of accuracies. Rows: the member that the images were made on, last the mean of all. "
        f"Columns: who judges them, last the mean and the vote. {words}.",
        caption="Accuracy of each member, of the mean of the logits and of the vote (columns) on images made on each "
        "member and on the mean (rows). Dark: little is left. L-infinity, "
        f"n = {plain['n']} test images. PGD of {steps['steps']} steps. No 95% Wilson interval here is wider than "
        f"{100 * widest:.1f} points.",
    )


def heat(axes: Axes, result: Result, epsilon: str, title: str) -> None:
    """Draws one matrix as shaded cells with numbers."""
    rows, columns = makers(result), judges(result)
    left = np.array([[result["epsilons"][epsilon][made][asked]["value"] for asked in columns] for made in rows])
    axes.imshow(1 - left, cmap=shades(), vmin=0, vmax=1, aspect="auto")
    for place in np.ndindex(left.shape):
        axes.text(
            place[1],
            place[0],
            f"{100 * left[place]:.0f}%",
            ha="center",
            va="center",
            fontsize=10.5,
            color=style.color("ink"),
            weight="bold" if rows[place[0]] == columns[place[1]] else "normal",
        )
    axes.set_xticks(range(len(columns)), [name.replace(" ", "\n") for name in columns])
    axes.set_yticks(range(len(rows)), rows)
    axes.set_title(title)
    axes.grid(visible=False)
    axes.tick_params(length=0)


def shades() -> Colormap:
    """A colour map from the page's own colour, for none broken, to a tint of the attack's, with readable text on it."""
    paper, full = np.array(to_rgb(style.color("paper"))), np.array(to_rgb(style.color("fgsm")))
    return LinearSegmentedColormap.from_list("shades", [tuple(paper), tuple(paper + 0.45 * (full - paper))])


def elsewhere(result: Result, epsilon: str) -> float:
    """The mean accuracy of a member on images made on another member."""
    members = [name for name in makers(result) if name != MEAN]
    rows = result["epsilons"][epsilon]
    left = [rows[made][asked]["value"] for made in members for asked in members if made != asked]
    return sum(left) / len(left)


@figure(by_fgsm, by_pgd, stack)
def dots(*results: Result) -> Drawing:
    """Two dots per defense on one line: hollow as reported, full under the attack made for it."""
    rows = pairs(*results)
    return Drawing(
        two_dots.draw(rows, "accuracy under attack", naive="made on one member", adaptive="made on the whole"),
        alt="Pairs of dots, accuracy under an attack on one member and under one on the whole defense. "
        f"{two_dots.said(rows)}.",
        caption="Hollow: the attack, FGSM, is made on one member. Full: it is made on all of the defense (PGD on the "
        "mean; for the stack the joint attack). For the stack an image counts "
        f"as right if it is flagged, too. L-infinity, n = {results[0]['n']} test images, bars are 95% Wilson "
        "intervals.",
    )


#: Attacks on the stack, from the one that knows least to the one that knows all.
LADDER = (
    "clean",
    "FGSM on one member",
    "PGD on one member",
    "PGD on the mean",
    "PGD through the filter",
    "attack on the stack",
)
LAYERS: dict[str, style.Role] = {
    "one member": "article",
    "ensemble": "noise",
    "filter and ensemble": "clean",
    "stack": "fgsm",
}


@figure(stack)
def layers(result: Result) -> Drawing:
    """Accuracy of each layer under attacks that know more and more of the stack."""
    drawn, axes = plt.subplots(figsize=(style.WIDTH, 4.4))
    at = np.arange(len(LADDER))
    for name, role in LAYERS.items():
        shares = [result["under"][attack][name] for attack in LADDER]
        axes.plot(at, [one["value"] for one in shares], label=name, **style.line(role))
        axes.vlines(at, [one["low"] for one in shares], [one["high"] for one in shares], color=style.color(role))
    axes.set_xticks(
        at, [name.replace(" on ", "\non ").replace(" through ", "\nthrough ") for name in LADDER], fontsize=9.5
    )
    style.percent_axis(axes)
    axes.set_ylabel("right (stack: or flagged)")
    axes.legend(loc="lower left")
    words = "; ".join(
        f"{attack}: " + ", ".join(f"{name} {percent(result['under'][attack][name]['value'])}" for name in LAYERS)
        for attack in LADDER
    )
    return Drawing(
        drawn,
        alt=f"Four lines, layer by layer, over six attacks of growing knowledge. {words}.",
        caption="The same images judged by one member, by the mean of three, by the mean behind the filter, and by the "
        f"whole stack, where flagged counts as right. $\\epsilon = {result['epsilon']:g}$ (L-infinity), "
        f"n = {result['n']} test images, bars are 95% Wilson intervals.",
    )
