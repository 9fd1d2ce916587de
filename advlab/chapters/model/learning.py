"""How training went, drawn: curves, seeds, and the recipe as a table."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from advlab.chapters.model.measure import GOAL, training
from advlab.chapters.shared import style
from advlab.chapters.shared.published import published
from advlab.engine.chapter import Drawing, Table, claim, figure, table


@figure(training)
def curves(result: dict[str, Any]) -> Drawing:
    """Loss and accuracy by epoch, one line per seed, on the training images as they pass and on the test images."""
    recipe, seeds = result["recipe"], result["seeds"]
    epochs = range(1, recipe["epochs"] + 1)
    middles = [epoch - 0.5 for epoch in epochs]  # an average over an epoch belongs to its middle
    fig, (left, right) = plt.subplots(1, 2, figsize=(style.WIDTH, 3.4))
    on_test: dict[str, Any] = {"color": style.color("clean"), "marker": "o", "linewidth": 1.6, "alpha": 0.85}
    on_train: dict[str, Any] = {
        "color": style.color("muted"),
        "marker": "^",
        "linestyle": "--",
        "linewidth": 1.4,
        "alpha": 0.85,
    }
    for seed in seeds:
        rows = seed["epochs"]
        left.plot(middles, [row["loss"] for row in rows], **on_train)
        left.plot(epochs, [row["test_loss"] for row in rows], **on_test)
        right.plot(middles, [_inside(row["train_accuracy"]) for row in rows], **on_train)
        tested = [seed["untrained"]["value"], *(row["test_accuracy"] for row in rows)]
        right.plot([0, *epochs], [_inside(value) for value in tested], **on_test)
    left.set(yscale="log", xlabel="epoch", ylabel="cross-entropy", title="Loss", xlim=(0, recipe["epochs"] + 0.1))
    right.set(yscale="logit", xlabel="epoch", title="Accuracy", xlim=(-0.1, recipe["epochs"] + 0.1), ylim=(0.05, 0.998))
    right.yaxis.set_major_locator(FixedLocator([0.1, 0.5, 0.9, 0.98, 0.99, 0.995]))
    right.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g}%"))
    left.yaxis.set_major_locator(FixedLocator([0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1, 2]))
    left.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    for axes in (left, right):
        axes.yaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    first = seeds[0]["epochs"]
    left.annotate(
        "training",
        (middles[0], first[0]["loss"]),
        (8, 4),
        textcoords="offset points",
        color=style.color("muted"),
        weight="bold",
    )
    left.annotate(
        "test",
        (1, first[0]["test_loss"]),
        (-8, -14),
        textcoords="offset points",
        ha="right",
        color=style.color("clean"),
        weight="bold",
    )
    right.annotate(
        "untrained",
        (0, _inside(seeds[0]["untrained"]["value"])),
        (22, -2),
        textcoords="offset points",
        color=style.color("clean"),
    )
    ends = [seed["epochs"][-1] for seed in seeds]
    losses, accuracies = _ends([row["test_loss"] for row in ends]), [row["test_accuracy"] for row in ends]
    return Drawing(
        fig,
        alt=f"Two charts over {recipe['epochs']} epochs, one line for each of {len(seeds)} seeds. Training loss "
        f"falls from {first[0]['loss']:.3f} in the first epoch to {first[-1]['loss']:.3f} in the last; test loss "
        f"ends between {losses[0]:.3f} and {losses[1]:.3f}. Test accuracy rises from "
        f"{seeds[0]['untrained']['value']:.1%} untrained to between {min(accuracies):.2%} and {max(accuracies):.2%}.",
        caption=f"{len(seeds)} trainings that differ in the seed only. Test: {recipe['test_images']:,} images, "
        f"dropout off, after each epoch. Training: {recipe['train_images']:,} images as they pass, dropout on, "
        "averaged over the epoch and drawn at its middle. Both vertical axes are stretched so that small losses "
        f"and accuracies near {GOAL:.0%} can be told apart. Accuracy after the last epoch: "
        + ", ".join(f"{one['value']:.2%}" for one in result["last"])
        + f"; 95% interval of the first, for n = {result['last'][0]['n']:,}: {_interval(result['last'][0])}.",
    )


def _inside(accuracy: float) -> float:
    """An accuracy moved off 0 and 1, so that a logit axis can show it."""
    return min(max(accuracy, 0.001), 0.999)


def _ends(values: list[float]) -> tuple[float, float]:
    return min(values), max(values)


def _interval(proportion: dict[str, Any]) -> str:
    return f"{proportion['low']:.2%} to {proportion['high']:.2%}"


@figure(training)
def spread(result: dict[str, Any]) -> Drawing:
    """Accuracy of each seed with its interval, and the article's figure."""
    article = published("article_clean_accuracy")
    fig, axes = plt.subplots(figsize=(style.WIDTH, 0.5 * len(result["last"]) + 1.5))
    for row, one in enumerate(result["last"]):
        axes.plot([one["low"], one["high"]], [row, row], color=style.color("clean"), linewidth=1.8)
        axes.plot([one["value"]], [row], marker="o", color=style.color("clean"), markersize=7)
        axes.annotate(
            f"{one['value']:.2%}", (one["value"], row), (0, 8), textcoords="offset points", ha="center", fontsize=11
        )
    last = len(result["last"])
    axes.plot([article["value"]], [last], **style.line("article"), markersize=8, markeredgewidth=2)
    axes.annotate(
        f"{article['value']:.2%}",
        (article["value"], last),
        (0, 8),
        textcoords="offset points",
        ha="center",
        fontsize=11,
    )
    names = [*(f"seed {seed}" for seed in range(last)), "article"]
    axes.set(yticks=range(last + 1), yticklabels=names, ylim=(last + 0.5, -0.8), xlabel="clean accuracy")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.4g}%"))
    axes.grid(visible=False, axis="y")
    listed = ", ".join(f"{one['value']:.2%}" for one in result["last"])
    return Drawing(
        fig,
        alt=f"Accuracy of {last} seeds as dots with error bars: {listed}. The article's figure, "
        f"{article['value']:.2%}, is a cross without an error bar.",
        caption=f"The same recipe from {last} seeds. Bars: 95% intervals for n = {result['last'][0]['n']:,} test "
        "images, the uncertainty of testing. Distance between the dots: the uncertainty of training, "
        f"{100 * result['range']:.2f} percentage points from the lowest to the highest. Cross: published, not "
        "measured here.",
    )


@table(training)
def recipe(result: dict[str, Any]) -> Table:
    """The standard recipe's settings."""
    used = result["recipe"]
    rows = [
        ["passes over the training images (epochs)", f"{used['epochs']}"],
        ["training images", f"{used['train_images']:,}"],
        ["images a step (batch)", f"{used['batch_size']}"],
        ["steps in all", f"{used['steps']:,}"],
        ["learning rate at its highest", f"{used['learning_rate']:g}"],
        ["share of the steps in which it rises", f"{used['warm_up']:.0%}"],
        ["trainings, each from its own seed", f"{result['number']}"],
    ]
    return Table(["setting", "value"], rows, "The recipe of the standard model, as this build ran it.", "lr")


@claim(training)
def loss_falls(result: dict[str, Any]) -> bool:
    """Training loss falls in every epoch, for every seed."""
    losses = [[row["loss"] for row in seed["epochs"]] for seed in result["seeds"]]
    return all(later < earlier for row in losses for earlier, later in pairwise(row))


@claim(training)
def first_epoch_does_most(result: dict[str, Any]) -> bool:
    """The first epoch raises test accuracy by more than all others together, for every seed."""
    return all(
        seed["epochs"][0]["test_accuracy"] - seed["untrained"]["value"]
        > seed["epochs"][-1]["test_accuracy"] - seed["epochs"][0]["test_accuracy"]
        for seed in result["seeds"]
    )


@claim(training)
def seeds_agree(result: dict[str, Any]) -> bool:
    """The range of accuracy over seeds is smaller than the width of one seed's interval."""
    return bool(result["range"] < result["interval"])


@claim(training)
def every_seed_accurate(result: dict[str, Any]) -> bool:
    """The clean accuracy of every seed reaches 99 %."""
    return bool(result["lowest"] >= GOAL)
