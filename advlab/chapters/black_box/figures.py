"""The plots of the page on black-box attacks: success over queries, distance over queries, images, the matrix."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap, to_rgb

from advlab.chapters.black_box.between import EPSILON, ROBUST, by_fgsm, by_pgd
from advlab.chapters.black_box.queries import BUDGETS, MARKS, by_decisions, by_scores
from advlab.chapters.shared import style
from advlab.chapters.shared.cells import percent
from advlab.engine.chapter import Drawing, figure

Result = dict[str, Any]
#: The role of each epsilon of Square, which gives colour and marker.
LOOKS: dict[str, style.Role] = {"0.1": "clean", "0.2": "pgd", "0.3": "fgsm"}


def broken_over_queries(taken: list[int], n: int, most: int) -> tuple[list[int], list[float]]:
    """The corners of the curve of the share broken within a number of queries, from one query to the budget."""
    ranked = sorted(taken)
    queries = [1, *ranked, most]
    shares = [sum(one <= 1 for one in ranked) / n, *((rank + 1) / n for rank in range(len(ranked)))]
    return queries, [*shares, len(ranked) / n]


@figure(by_scores)
def square_curve(result: Result) -> Drawing:
    """The share of images that Square has broken, against queries spent."""
    drawn, axes = plt.subplots()
    for epsilon, row in result["epsilons"].items():
        queries, shares = broken_over_queries(row["taken"], result["n"], result["queries"])
        look = style.line(LOOKS[epsilon]) | {"marker": ""}
        axes.plot(queries, shares, label=f"ε = {epsilon}", drawstyle="steps-post", **look)
        marks = {mark: row["broken within"][str(mark)] for mark in MARKS}  # the store sorts keys as words
        at = list(marks)
        bars = style.line(LOOKS[epsilon]) | {"linestyle": ""}
        axes.plot(at, [one["value"] for one in marks.values()], **bars)
        axes.vlines(
            at, [one["low"] for one in marks.values()], [one["high"] for one in marks.values()], color=bars["color"]
        )
    axes.set(xscale="log", xlabel="queries an image", ylabel="broken", xlim=(1, result["queries"]))
    ticks = (1, 10, 100, 1000)
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    style.percent_axis(axes)
    style.label_ends(axes, {f"ε = {epsilon}": LOOKS[epsilon] for epsilon in result["epsilons"]}, gap=0.07)
    words = "; ".join(
        f"at epsilon {epsilon} "
        + ", ".join(f"{percent(row['broken within'][str(mark)]['value'])} within {mark}" for mark in MARKS)
        for epsilon, row in result["epsilons"].items()
    )
    return Drawing(
        drawn,
        alt=f"The share of images that Square has broken, against queries on a logarithmic axis: {words}.",
        caption="Square (L-infinity, untargeted, scores only) on the standard model: the share broken of the "
        f"n = {result['n']} images that it reads right, over the queries spent on each, at most "
        f"{result['queries']:,}. Marks with 95% Wilson intervals.",
    )


@figure(by_decisions)
def jump_curve(result: Result) -> Drawing:
    """The distance that HopSkipJump reaches, against its budget of queries."""
    drawn, axes = plt.subplots(figsize=(style.WIDTH, 3.9))
    rows, budgets = {str(budget): result["budgets"][str(budget)] for budget in BUDGETS}, list(BUDGETS)
    medians = [row["median"] for row in rows.values()]
    axes.fill_between(
        budgets,
        [row["low quartile"] for row in rows.values()],
        [row["high quartile"] for row in rows.values()],
        color=style.color("fgsm"),
        alpha=0.2,
        lw=0,
    )
    axes.plot(budgets, medians, label="HopSkipJump", **style.line("fgsm"))
    white = result["DeepFool"]["median"]
    axes.plot(budgets[:1] + budgets[-1:], [white, white], label="DeepFool", **style.line("clean") | {"marker": ""})
    axes.set(xscale="log", xlabel="queries an image", ylabel="median L2 distance", xlim=(budgets[0], budgets[-1]))
    axes.set_ylim(0, None)
    axes.set_xticks(budgets, [f"{budget:,}" for budget in budgets])
    axes.minorticks_off()
    style.label_ends(axes, {"HopSkipJump": "fgsm", "DeepFool": "clean"}, gap=0.08)
    words = ", ".join(f"{median:.2f} after {budget:,}" for budget, median in zip(budgets, medians, strict=True))
    return Drawing(
        drawn,
        alt=f"Median L2 distance of HopSkipJump's images against queries: {words}. A level line marks DeepFool, which "
        f"follows gradients, at {white:.2f}.",
        caption="How near HopSkipJump, which sees classes only, comes to each image with a budget of queries: median "
        f"and quartiles (band) of the L2 distance over n = {result['n']} images that the standard model reads right; "
        "each budget is a run of its own. Level line: DeepFool, a white-box attack, on the same images.",
    )


@figure(by_decisions)
def walk(result: Result) -> Drawing:
    """A few images on their way from noise to the boundary."""
    shown = result["shown"]
    labels = shown["labels"]
    drawn, axes = plt.subplots(len(labels), len(BUDGETS) + 1, figsize=(style.WIDTH, 1.62 * len(labels)), squeeze=False)
    for row, label in enumerate(labels):
        for column, budget in enumerate(map(str, BUDGETS)):
            one = shown["after"][budget][row]
            style.show(axes[row][column], np.asarray(one["grey levels"]) / 255)
            axes[row][column].set_xlabel(f"reads {one['read']}, {distance(one)}", color=style.color("fgsm"))
        style.show(axes[row][-1], np.asarray(shown["clean"][row]) / 255)
        axes[row][-1].set_xlabel(f"reads {label}")
    for column, queries in enumerate(BUDGETS):
        axes[0][column].set_title(f"{queries:,} queries")
    axes[0][-1].set_title("the image")
    first, last = str(BUDGETS[0]), str(BUDGETS[-1])
    words = "; ".join(
        f"a {label}, read as {shown['after'][last][row]['read']}, from L2 {distance(shown['after'][first][row])} to "
        f"{distance(shown['after'][last][row])}"
        for row, label in enumerate(labels)
    )
    return Drawing(
        drawn,
        alt=f"{len(labels)} rows of images, from grey noise on the left to the clean digit on the right: {words}.",
        caption="The first images of the sample that the model reads right: what HopSkipJump has found after each "
        "budget of queries, and the image itself. Every one but the last column is misclassified. Below: the model's "
        "answer and the L2 distance from the image.",
    )


def in_order(result: Result) -> list[str]:
    """Names of the networks in the page's order: seed by seed, then the one trained against an attack."""
    return sorted(result["made on"], key=lambda name: (name == ROBUST, name))


def distance(one: Result) -> str:
    """The distance of one of the shown images as text; a dash where the attack found nothing."""
    return "–" if one["L2"] is None else f"{one['L2']:.1f}"


@figure(by_fgsm, by_pgd)
def matrices(plain: Result, steps: Result) -> Drawing:
    """Attack success rates from every network to every other, for one step and for many."""
    drawn, panels = plt.subplots(1, 2, figsize=(style.WIDTH, 4.1), sharey=True)
    for axes, result, name in zip(panels, (plain, steps), ("FGSM", "PGD"), strict=True):
        heat(axes, result, name)
    panels[0].set_ylabel("made on")
    names = in_order(plain)
    words = "; ".join(
        f"{name}: " + ", ".join(f"made on {maker}, {percent(off_diagonal(result, maker))}" for maker in names)
        for result, name in ((plain, "FGSM"), (steps, "PGD"))
    )
    return Drawing(
        drawn,
        alt="Two matrices of attack success rates, rows the network the images were made on, columns the network they "
        f"are tried on. The diagonal is the white-box attack. Means over the other networks: {words}.",
        caption="Attack success rate: of the images that a network (column) reads right, the share it misreads when "
        f"they were made on another (row) at $\\epsilon = {EPSILON:g}$ (L-infinity). On the diagonal the attack knows "
        f"the network. n = {plain['n']} test images, of which each network reads most right.",
    )


def heat(axes: Axes, result: Result, title: str) -> None:
    """Draws one matrix as shaded cells with numbers."""
    names = in_order(result)
    shares = np.array([[result["made on"][maker][name]["success"]["value"] for name in names] for maker in names])
    axes.imshow(shares, cmap=shades(), vmin=0, vmax=1)
    for row, column in np.ndindex(shares.shape):
        axes.text(
            column,
            row,
            f"{100 * shares[row, column]:.0f}%",
            ha="center",
            va="center",
            color=style.color("ink"),
            weight="bold" if row == column else "normal",
        )
    short = [name.replace("standard, seed ", "seed ") for name in names]
    axes.set_xticks(range(len(names)), [name.replace("PGD-", "PGD-\n") for name in short])
    axes.set_yticks(range(len(names)), [name.replace("PGD-", "PGD-\n") for name in short])
    axes.set(xlabel="tried on", title=title)
    axes.grid(visible=False)
    axes.tick_params(length=0)


def shades() -> Colormap:
    """A colour map from the page's own colour, for none, to a tint of the attack's, for all; text is readable on it."""
    paper, full = np.array(to_rgb(style.color("paper"))), np.array(to_rgb(style.color("fgsm")))
    return LinearSegmentedColormap.from_list("shades", [tuple(paper), tuple(paper + 0.45 * (full - paper))])


def off_diagonal(result: Result, maker: str) -> float:
    """The mean success rate, on the other networks, of images made on this one."""
    row = result["made on"][maker]
    others = [one["success"]["value"] for name, one in row.items() if name != maker]
    return sum(others) / len(others)
