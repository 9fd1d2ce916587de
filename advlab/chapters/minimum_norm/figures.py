"""The plots of the page on attacks of minimum norm: distances, the curve over every epsilon, distances by digit."""

from __future__ import annotations

import math
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from advlab.chapters.minimum_norm import measure
from advlab.chapters.minimum_norm.least_changes import by_class, within
from advlab.chapters.shared import style
from advlab.engine.chapter import Drawing, figure

STRIPS = (
    measure.deepfool_standard,
    measure.cw_standard,
    measure.deepfool_robust,
    measure.cw_robust,
    measure.fab_standard,
    measure.fab_robust,
)


@figure(*STRIPS)
def distributions(*results: dict[str, Any]) -> Drawing:
    """Every image's distance as a dot, by attack and model."""
    drawn, (upper, lower) = plt.subplots(2, 1, figsize=(style.WIDTH, 5.4), height_ratios=(2, 1.1))
    names = ("DeepFool, standard", "C&W, standard", "DeepFool, PGD-trained", "C&W, PGD-trained")
    _strips(upper, dict(zip(names, results[:4], strict=True)), "L2 distance, in pixel units")
    _strips(
        lower,
        dict(zip(("FAB, standard", "FAB, PGD-trained"), results[4:], strict=True)),
        "L-infinity distance, in pixel units",
    )
    words = "; ".join(
        f"{name} {_number(result['median']['value'])}"
        for name, result in zip((*names, "FAB, standard", "FAB, PGD-trained"), results, strict=True)
    )
    return Drawing(
        drawn,
        alt=f"Two panels of dots along an axis of distance, a row for each attack and model. Medians: {words}. Above, "
        "L2; below, L-infinity.",
        caption="Each dot is one test image and its distance to the nearest error found; a bar marks the median, a "
        "thick line its 95% interval. Images misread from the start are left out. "
        f"n = {results[0]['n']:,} for DeepFool and FAB, {results[1]['n']:,} for C&W.",
    )


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.3f}"


def _strips(axes: Axes, rows: dict[str, dict[str, Any]], label: str) -> None:
    jitter = np.random.default_rng(0)
    for height, (name, result) in enumerate(reversed(rows.items())):
        sizes = [size for size in result["distances"] if size is not None]
        shade = style.color("noise" if "PGD" in name else "fgsm")
        heights = height + jitter.uniform(-0.28, 0.28, len(sizes))
        axes.plot(sizes, heights, "o", color=shade, markersize=3, alpha=0.45, markeredgewidth=0)
        median = result["median"]
        ends = [median["low"], median["high"]]
        if None not in (*ends, median["value"]):
            axes.plot(ends, [height, height], color=style.color("ink"), linewidth=4, solid_capstyle="butt")
            axes.plot([median["value"]] * 2, [height - 0.38, height + 0.38], color=style.color("ink"), linewidth=2)
    axes.set_yticks(range(len(rows)), list(reversed(rows)))
    axes.set(xlabel=label, xlim=(0, None), ylim=(-0.6, len(rows) - 0.4))
    axes.grid(visible=False, axis="y")


@figure(measure.fab_standard, measure.fab_robust, measure.pgd_standard, measure.pgd_robust)
def every_epsilon(
    standard: dict[str, Any], robust: dict[str, Any], pgd: dict[str, Any], pgd_robust: dict[str, Any]
) -> Drawing:
    """Accuracy at every epsilon, from FAB's distances, with PGD's accuracies as points."""
    drawn, axes = plt.subplots()
    end = 0.45
    models: tuple[tuple[str, style.Role, dict[str, Any], dict[str, Any]], ...] = (
        ("standard", "fgsm", standard, pgd),
        ("PGD-trained", "noise", robust, pgd_robust),
    )
    for name, role, found, check in models:
        places = [0.0, *sorted(size for size in found["distances"] if size is not None and size < end), end]
        axes.step(
            places,
            [1 - within(found, place) for place in places],
            where="post",
            label=name,
            color=style.color(role),
            linestyle="-" if role == "fgsm" else "--",
        )
        for epsilon, accuracy in check["epsilons"].items():
            low, high = accuracy["value"] - accuracy["low"], accuracy["high"] - accuracy["value"]
            axes.errorbar(
                float(epsilon),
                accuracy["value"],
                yerr=[[low], [high]],
                color=style.color("pgd"),
                marker="D",
                capsize=3,
                linestyle="",
            )
    axes.set(xlabel="ε, in pixel units (L-infinity)", ylabel="accuracy", xlim=(0, end))
    style.percent_axis(axes)
    for name, role, found, _ in models:  # beside the curve: at its right end both are 0
        middle = found["median"]["value"]
        if middle is not None:
            axes.text(min(middle, end - 0.09) + 0.012, 0.5, name, color=style.color(role), weight="bold", va="center")
    axes.text(0.98, 0.94, "◆ PGD", color=style.color("pgd"), transform=axes.transAxes, ha="right", weight="bold")
    points = "; ".join(
        f"{name} at {epsilon}: PGD {accuracy['value']:.1%}, curve {1 - within(found, float(epsilon)):.1%}"
        for name, _, found, check in models
        for epsilon, accuracy in check["epsilons"].items()
    )
    return Drawing(
        drawn,
        alt=f"Accuracy against epsilon from 0 to {end:g} as two falling staircases, one for each model. {points}.",
        caption="The share of images whose nearest error, as FAB finds it, is further than ε: accuracy at every ε at "
        f"once, from one attack an image. n = {standard['n']:,}. Diamonds: PGD with {measure.PGD_STEPS} steps, run at "
        "that ε alone on the same images, with 95% Wilson intervals.",
    )


@figure(measure.fab_standard, measure.fab_robust)
def digits(standard: dict[str, Any], robust: dict[str, Any]) -> Drawing:
    """The median distance of each digit, on both models."""
    drawn, axes = plt.subplots(figsize=(style.WIDTH, 3.9))
    models: tuple[tuple[str, style.Role, dict[str, Any], float], ...] = (
        ("standard", "fgsm", standard, -0.12),
        ("PGD-trained", "noise", robust, 0.12),
    )
    words = []
    for name, role, result, shift in models:
        rows = {digit: row for digit, row in by_class(result).items() if row["value"] is not None}
        for digit, row in rows.items():
            high = math.inf if row["high"] is None else row["high"]
            error = [[row["value"] - row["low"]], [min(high, 1.0) - row["value"]]]
            axes.errorbar(
                digit + shift,
                row["value"],
                yerr=error,
                color=style.color(role),
                marker=style.MARKS[role]["marker"],
                capsize=2,
                linewidth=1.5,
            )
        if rows:
            near, far = (pick(rows, key=lambda digit: rows[digit]["value"]) for pick in (min, max))
            words.append(
                f"{name}: nearest {near} at {rows[near]['value']:.3f}, furthest {far} at {rows[far]['value']:.3f}"
            )
    axes.set_xticks(range(10))
    axes.set(xlabel="digit", ylabel="median distance (L-infinity)")
    axes.set_ylim(0, None)
    for height, (name, role, _, _) in enumerate(reversed(models)):
        axes.text(
            1.0,
            1.02 + 0.07 * height,
            f"{'■' if role == 'fgsm' else '▲'} {name}",
            color=style.color(role),
            transform=axes.transAxes,
            ha="right",
            weight="bold",
        )
    counts = [row["n"] for row in by_class(standard).values()]
    return Drawing(
        drawn,
        alt="Two marks for each digit from 0 to 9, the median distance to the nearest error on the standard and on the "
        f"PGD-trained model. {'; '.join(words)}.",
        caption="Which digits are nearest to an error: the median L-infinity distance of each, by FAB, in pixel units. "
        f"Bars: 95% intervals by order statistics; wide, since a digit has only {min(counts)} to {max(counts)} images.",
    )
