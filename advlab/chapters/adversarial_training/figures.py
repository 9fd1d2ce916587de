"""The plots of the page on adversarial training."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.ticker import LogLocator, NullLocator

from advlab.chapters.adversarial_training.along import along_clipped, along_random, along_single
from advlab.chapters.adversarial_training.measure import longest, random_single, several, single, trades
from advlab.chapters.shared import style
from advlab.chapters.shared import two_dots as two_dots
from advlab.chapters.shared.cells import percent
from advlab.chapters.shared.two_dots import Pair
from advlab.engine.chapter import Drawing, figure

Result = dict[str, Any]
#: Names of the forms of training on the pages, in the order of the results.
NAMES = ("FGSM", "random start, one step", "PGD, three steps", "TRADES", "PGD, deeper")
LINES: dict[str, style.Role] = {"clean": "clean", "FGSM": "fgsm", "PGD": "pgd"}


@figure(along_single, along_clipped, along_random)
def overfitting(*results: Result) -> Drawing:
    """Accuracy without attack, under FGSM and under PGD while three networks train on single steps."""
    titles = ("FGSM from the image", "one step from a random start, clipped first", "one step from a random start")
    drawn, panels = plt.subplots(3, 1, figsize=(style.WIDTH, 9.0), sharex=True)
    told, one = [], results[0]
    for axes, title, result in zip(panels, titles, results, strict=True):
        for name, role in LINES.items():
            steps = [row["step"] for row in result["rows"]]
            values = [row[name]["value"] for row in result["rows"]]
            axes.fill_between(
                steps,
                [row[name]["low"] for row in result["rows"]],
                [row[name]["high"] for row in result["rows"]],
                color=style.color(role),
                alpha=0.15,
                linewidth=0,
            )
            axes.plot(steps, values, label=name, **style.line(role))
        axes.set_title(f"trained on {title}", loc="left")
        axes.set_xlim(0, result["steps"])
        axes.set_ylabel("accuracy")
        style.percent_axis(axes)
        style.label_ends(axes, LINES, gap=0.1)
        last = result["rows"][-1]
        ends = ", ".join(f"{percent(last[name]['value'])} {name}" for name in LINES)
        told.append(f"Trained on {title}, at the end {ends}.")
    panels[-1].set_xlabel("steps of training")
    return Drawing(
        drawn,
        alt=f"Three panels, accuracy against steps of training: clean, under FGSM and under PGD. {' '.join(told)}",
        caption=f"Accuracy while training, ε = {one['epsilon']:g} in pixels, L-infinity: without attack, under FGSM, "
        f"and under PGD with {one['pgd steps']} steps. n = {one['n']:,} test images, bands are 95% Wilson intervals; "
        "one training each.",
    )


@figure(single, random_single, several, trades, longest)
def dots(*results: Result) -> Drawing:
    """Two dots per model: accuracy under FGSM and under the strongest attacks."""
    rows = [Pair(name, of["FGSM"], of["robust"]["0.3"]) for name, of in zip(NAMES, results, strict=True)]
    return Drawing(
        two_dots.draw(rows, "accuracy under attack", naive="FGSM", adaptive="strong attacks"),
        alt=f"Pairs of dots, accuracy under FGSM and under the strong attacks. {two_dots.said(rows)}.",
        caption=f"Hollow: accuracy under FGSM. Full: what the strong attacks leave, image by image. ε = "
        f"{results[0]['epsilon']:g} in pixels, L-infinity, white box; n = {results[0]['n']:,}, 95% Wilson intervals.",
    )


@figure(single, random_single, several, trades, longest)
def by_seconds(*results: Result) -> Drawing:
    """Robust and clean accuracy against the training time in seconds."""
    drawn, axes = plt.subplots(figsize=(style.WIDTH, 4.2))
    told = []
    slowest = max(results, key=lambda result: result["seconds"])

    def near(one: Result, other: Result) -> bool:  # to its right, where a name would overlap it
        apart = abs(one["robust"]["0.3"]["value"] - other["robust"]["0.3"]["value"])
        return bool(1 < other["seconds"] / one["seconds"] < 3 and apart < 0.06)

    for name, result in zip(NAMES, results, strict=True):
        robust, clean, seconds = result["robust"]["0.3"], result["clean on all"], result["seconds"]
        axes.plot([seconds] * 2, [robust["low"], robust["high"]], color=style.color("fgsm"), linewidth=1.3)
        axes.plot([seconds], [robust["value"]], "s", color=style.color("fgsm"), markersize=8)
        axes.plot([seconds], [clean["value"]], "o", color=style.color("clean"), markerfacecolor="none", markersize=8)
        alone = not any(near(result, other) for other in results)
        ends, shift = ("left", 9) if alone and result is not slowest else ("right", -9)
        at = (seconds, robust["value"])
        axes.annotate(name, at, (shift, 0), textcoords="offset points", ha=ends, va="center", fontsize=10)
        told.append(f"{name} {seconds:.0f} s, clean {percent(clean['value'])}, robust {percent(robust['value'])}")
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set(xlabel="seconds of training, one core", ylabel="accuracy")
    axes.margins(x=0.15)
    style.percent_axis(axes)
    return Drawing(
        drawn,
        alt=f"Accuracy against seconds of training: {'; '.join(told)}.",
        caption="Circles: clean accuracy, all test images of the profile. Squares: what strong attacks leave at ε = "
        f"{results[0]['epsilon']:g}, n = {results[0]['n']:,}, 95% Wilson intervals. One training each; seconds of one "
        "core of the machine that built this site.",
    )
