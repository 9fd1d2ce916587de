"""What the model answers, drawn: which classes it confuses, and how confidently it errs."""

from __future__ import annotations

import math
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.ticker import FuncFormatter

from advlab.chapters.model.measure import BINS, GOAL, answers
from advlab.chapters.shared import style
from advlab.chapters.shared.published import published
from advlab.data import CLASSES, mnist
from advlab.engine.chapter import Drawing, claim, figure


@figure(answers)
def confusion(result: dict[str, Any]) -> Drawing:
    """How often each class is read as each other one; only errors in colour, since the diagonal would drown them."""
    counts = result["confusion"]
    most = max(counts[a][b] for a in range(CLASSES) for b in range(CLASSES) if a != b) or 1
    fig, axes = plt.subplots(figsize=(style.WIDTH, 5.6))
    wrong = [[0 if a == b else counts[a][b] for b in range(CLASSES)] for a in range(CLASSES)]
    axes.imshow(wrong, cmap=style.change_colours(), vmin=-1.3 * most, vmax=1.3 * most, aspect="auto")
    for label in range(CLASSES):
        for other in range(CLASSES):
            count, same = counts[label][other], label == other
            if count or same:
                colour = style.color("clean" if same else "ink")
                look: dict[str, Any] = {"weight": "bold" if same else "normal", "fontsize": 12 if same else 13}
                axes.text(other, label, f"{count:,}", ha="center", va="center", color=colour, **look)
    axes.set(xticks=range(CLASSES), yticks=range(CLASSES), xlabel="read as", ylabel="true class")
    axes.grid(visible=False)
    mixed, n = result["most_mixed"], result["accuracy"]["n"]
    return Drawing(
        fig,
        alt=f"A table of ten true classes against ten answers for {n:,} test images. {n - result['errors']:,} lie "
        f"on the diagonal, {result['errors']} beside it; most often, {mixed['count']} times, a {mixed['label']} is "
        f"read as a {mixed['prediction']}.",
        caption="Rows: true class. Columns: answer of the standard model. Blue: right. Orange: errors, the darker "
        f"the more; empty: none. n = {n:,}, {result['errors']} errors.",
    )


@figure(answers)
def by_class(result: dict[str, Any]) -> Drawing:
    """Accuracy of each class with its interval, beside that of all classes together."""
    fig, axes = plt.subplots(figsize=(style.WIDTH, 3.6))
    overall, classes = result["accuracy"], result["by_class"]
    axes.axhspan(overall["low"], overall["high"], color=style.color("clean"), alpha=0.15, linewidth=0)
    axes.axhline(overall["value"], color=style.color("clean"), linewidth=1.2)
    for digit, one in enumerate(classes):
        axes.plot([digit, digit], [one["low"], one["high"]], color=style.color("ink"), linewidth=1.6)
        axes.plot([digit], [one["value"]], marker="o", color=style.color("ink"))
    axes.set(xticks=range(CLASSES), xlabel="class", ylabel="accuracy", xlim=(-0.5, CLASSES + 0.3))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g}%"))
    axes.text(CLASSES - 0.4, overall["value"], "all", color=style.color("clean"), weight="bold", va="center")
    axes.grid(visible=False, axis="x")
    sizes = [one["n"] for one in classes]
    listed = ", ".join(f"{digit}: {one['value']:.1%}" for digit, one in enumerate(classes))
    return Drawing(
        fig,
        alt=f"Accuracy of each class with error bars. {listed}. All together {overall['value']:.2%}.",
        caption=f"Clean accuracy by class, with 95% intervals (Wilson) for {min(sizes):,} to {max(sizes):,} images "
        f"a class. Blue band: all {overall['n']:,} images, {overall['value']:.2%}, interval {overall['low']:.2%} to "
        f"{overall['high']:.2%}.",
    )


@figure(answers)
def errors(result: dict[str, Any]) -> Drawing:
    """The images that the model gets wrong with the greatest confidence."""
    images, shown = mnist("test").images, result["shown"]
    columns = max(1, min(5, len(shown)))
    rows = max(1, math.ceil(len(shown) / columns))
    fig, grid = plt.subplots(rows, columns, figsize=(style.WIDTH, 2.15 * rows), squeeze=False)
    for axes in grid.flat[len(shown) :]:
        axes.axis("off")
    for axes, one in zip(grid.flat, shown, strict=False):
        style.show(axes, images[one["index"]], f"{one['label']}, read as {one['prediction']}")
        axes.title.set(fontsize=11, color=style.color("ink"))
        axes.set_xlabel(f"{one['confidence']:.1%}", color=style.color("fgsm"), weight="bold")
    listed = "; ".join(f"a {one['label']} read as {one['prediction']} with {one['confidence']:.1%}" for one in shown)
    return Drawing(
        fig,
        alt=f"{len(shown)} test images that the model misreads: {listed}.",
        caption=f"The {len(shown)} errors with the greatest confidence among {result['errors']} errors on n = "
        f"{result['accuracy']['n']:,} test images. Above: label and answer. Below: the probability that the model "
        "gives to its answer.",
    )


@figure(answers)
def confidence(result: dict[str, Any]) -> Drawing:
    """Histogram of confidence in right and in wrong answers, on a logarithmic axis."""
    histogram, threshold = result["histogram"], result["threshold"]
    low = 1 / CLASSES
    edges = [low + (1 - low) * step / BINS for step in range(BINS + 1)]
    fig, axes = plt.subplots(figsize=(style.WIDTH, 3.6))
    kinds: tuple[tuple[str, style.Role, dict[str, Any]], ...] = (
        ("right", "clean", {"linewidth": 2}),
        ("wrong", "fgsm", {"linewidth": 2, "linestyle": "--"}),
    )
    for name, role, look in kinds:
        axes.stairs(histogram[name], edges, color=style.color(role), baseline=0.5, **look)
        axes.stairs(histogram[name], edges, color=style.color(role), baseline=0.5, fill=True, alpha=0.13)
        last = histogram[name][-1]
        if last:
            where: dict[str, Any] = {"xytext": (-44, 7), "textcoords": "offset points", "ha": "right", "va": "center"}
            axes.annotate(f"{name}: {last:,}", (1, last), **where, color=style.color(role), weight="bold")
    axes.set(yscale="log", xlim=(low, 1.005), xlabel="confidence (probability given to the answer)", ylabel="images")
    axes.set_ylim(0.5, 3 * max(histogram["right"]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}" if value >= 1 else ""))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.0f}%"))
    sure = result["confident_errors"]
    told = f"{sure['count']} of {sure['n']} errors" if sure else "no error"
    return Drawing(
        fig,
        alt=f"Histogram of confidence on a logarithmic axis. Of the right answers {histogram['right'][-1]:,} lie in "
        f"the highest bin, of the wrong ones {histogram['wrong'][-1]}; wrong answers spread over all confidences. "
        f"{told} exceed {threshold:.0%}.",
        caption=f"Confidence on n = {result['accuracy']['n']:,} clean test images, number of images on a "
        f"logarithmic axis. The labels give the highest bin (above {edges[-2]:.0%}). {told[0].upper()}{told[1:]} "
        f"have a confidence above {threshold:.0%}.",
    )


@claim(answers)
def accurate(result: dict[str, Any]) -> bool:
    """The standard model gets at least 99 % of the clean test images right."""
    return bool(result["accuracy"]["value"] >= GOAL)


@claim(answers)
def above_the_article(result: dict[str, Any]) -> bool:
    """The lower end of the standard model's interval lies above the article's accuracy."""
    return bool(result["accuracy"]["low"] > published("article_clean_accuracy")["value"])


@claim(answers)
def class_intervals_wider(result: dict[str, Any]) -> bool:
    """Each class's interval is wider than that of all images together."""
    whole = result["accuracy"]["high"] - result["accuracy"]["low"]
    return all(one["high"] - one["low"] > whole for one in result["by_class"])


@claim(answers)
def some_errors_are_confident(result: dict[str, Any]) -> bool:
    """At least one error in twenty is confident."""
    sure = result["confident_errors"]
    return bool(sure and sure["value"] >= 0.05)


@claim(answers)
def mostly_confident(result: dict[str, Any]) -> bool:
    """More than nine answers in ten are confident."""
    return bool(result["confident"]["value"] > 0.9)
