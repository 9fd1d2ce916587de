"""The plots of the page on FGSM: the loss along a direction, and accuracy against epsilon."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from advlab.chapters.fgsm.control import noise
from advlab.chapters.fgsm.measure import beyond, curve, epsilon_table, further_trainings, second_training
from advlab.chapters.fgsm.theory import loss_path, rise
from advlab.chapters.shared import style
from advlab.chapters.shared.cells import percent
from advlab.engine.chapter import Drawing, figure


def grey_levels(epsilons: Any) -> Any:
    """Pixel units converted to steps of a pixel's 256 levels."""
    return np.asarray(epsilons) * 255


def of_pixels(levels: Any) -> Any:
    """Steps of a pixel's levels converted to pixel units."""
    return np.asarray(levels) / 255


def over_epsilon(rows: dict[str, Any], name: str = "accuracy") -> tuple[list[float], list[Any]]:
    """The epsilons that key the results, in order, and the value called `name` of each."""
    epsilons = sorted(rows, key=float)
    return [float(epsilon) for epsilon in epsilons], [rows[epsilon][name] for epsilon in epsilons]


@figure(loss_path)
def loss_along(result: dict[str, Any]) -> Drawing:
    """The loss of one image along FGSM's direction and along random ones."""
    drawn, axes = plt.subplots()
    steps = result["steps"]
    axes.plot(steps, result["FGSM"], label="FGSM's direction", **style.line("fgsm") | {"markevery": 5})
    axes.plot(steps, result["random"], label="a random one", **style.line("noise") | {"markevery": 5})
    axes.fill_between(
        steps, result["lowest of random"], result["highest of random"], color=style.color("noise"), alpha=0.18, lw=0
    )
    tangent = [result["FGSM"][0] + step * result["slope"] for step in steps]
    axes.plot(steps, tangent, label="the straight line", color=style.color("ink"), linestyle=":", linewidth=1.5)
    axes.set(
        xlabel="step, in pixel units (largest change of a pixel)", ylabel="loss of this image", xlim=(0, steps[-1])
    )
    axes.set_ylim(0, 1.08 * max(result["FGSM"][-1], tangent[-1]))
    style.label_ends(axes, {"FGSM's direction": "fgsm", "a random one": "noise", "the straight line": "ink"}, gap=0.07)
    return Drawing(
        drawn,
        alt=f"The loss of one image against the size of the step, from 0 to {steps[-1]:g}. Along FGSM's direction it "
        f"rises from {result['FGSM'][0]:.2f} to {result['FGSM'][-1]:.2f}; along a random direction of the same size to "
        f"{result['random'][-1]:.2f}, and over {result['directions']} random ones to "
        f"{result['lowest of random'][-1]:.2f} at least and {result['highest of random'][-1]:.2f} at most. A dotted "
        "straight line starts with FGSM's slope.",
        caption=f"The loss of test image {result['index']}, a {result['label']}, as all its pixels move at once, "
        f"before clipping. Shaded: the range of {result['directions']} random directions, each of which moves every "
        f"pixel as far. The straight line starts with the slope {result['slope']:.1f}, the L1 norm of the gradient; "
        f"the random direction's slope is {result['random slope']:.2f}. The image is the first that the model gets "
        "right without being sure of it; of most images it is so sure that the loss starts near zero and flat.",
    )


@figure(rise)
def rises(result: dict[str, Any]) -> Drawing:
    """The mean rise of the loss: predicted from the gradient, actual, and under noise."""
    drawn, axes = plt.subplots(figsize=(style.WIDTH, 3.9))
    epsilons, predicted = over_epsilon(result["epsilons"], "predicted")
    measured = over_epsilon(result["epsilons"], "measured")[1]
    noisy = over_epsilon(result["epsilons"], "noise")[1]
    axes.plot(epsilons, measured, label="real, FGSM", **style.line("fgsm"))
    axes.plot(epsilons, predicted, label="ε × L1 norm", color=style.color("ink"), linestyle=":", marker="_")
    axes.plot(epsilons, noisy, label="real, noise", **style.line("noise"))
    axes.set(xscale="log", yscale="log", xlabel="epsilon, in pixel units", ylabel="mean rise of the loss")
    axes.set_xticks(epsilons, [f"{epsilon:g}" for epsilon in epsilons])
    axes.minorticks_off()
    style.label_ends(axes, {"real, FGSM": "fgsm", "ε × L1 norm": "ink", "real, noise": "noise"}, gap=0.08)
    pairs = "; ".join(
        f"{e:g}: {p:.4f} predicted, {m:.4f} real, {n:.5f} for noise"
        for e, p, m, n in zip(epsilons, predicted, measured, noisy, strict=True)
    )
    return Drawing(
        drawn,
        alt=f"Mean rise of the loss against epsilon, both axes logarithmic, for three lines. At epsilon {pairs}.",
        caption="The mean rise of the loss before clipping, predicted from the gradient at the image and real, for "
        f"FGSM and for random signs of the same epsilon; both axes logarithmic, n = {result['n']:,} test images.",
    )


@figure(epsilon_table, curve, second_training, further_trainings, noise)
def accuracy_curve(
    table: dict[str, Any],
    between: dict[str, Any],
    second: dict[str, Any],
    further: dict[str, Any],
    control: dict[str, Any],
) -> Drawing:
    """Accuracy against epsilon: FGSM with a band over trainings, and two kinds of noise."""
    drawn, axes = plt.subplots(figsize=(style.WIDTH, 4.6))
    rows = table | between
    epsilons, accuracies = over_epsilon(rows)
    values = [one["value"] for one in accuracies]
    axes.vlines(epsilons, [a["low"] for a in accuracies], [a["high"] for a in accuracies], color=style.color("fgsm"))
    axes.plot(epsilons, values, label="FGSM", **style.line("fgsm"))
    others = [*second.values(), *further.values()]
    band = sorted(float(epsilon) for epsilon in others[0])
    trainings = [
        [rows[f"{e:g}"]["on the band's images"]["value"], *(o[f"{e:g}"]["value"] for o in others)] for e in band
    ]
    low, high = [min(of) for of in trainings], [max(of) for of in trainings]
    axes.fill_between(band, low, high, color=style.color("fgsm"), alpha=0.22, lw=0)
    kinds: dict[str, dict[str, str]] = {
        "same epsilon": {},
        "same L2": {"linestyle": ":", "marker": "v", "markerfacecolor": "none"},
    }
    for kind, look in kinds.items():
        at, shares = over_epsilon({e: row[kind] for e, row in control.items()})
        shown = [one["value"] for one in shares]
        axes.plot(at, shown, label=f"noise, {kind}", **style.line("noise") | look)
    axes.set(xlabel="epsilon, in pixel units", ylabel="accuracy", xlim=(0, max(epsilons)))
    style.percent_axis(axes)
    grey = axes.secondary_xaxis("top", functions=(grey_levels, of_pixels))
    grey.set_xlabel("epsilon, in n/255")
    style.label_ends(axes, {"FGSM": "fgsm", "noise, same epsilon": "noise", "noise, same L2": "noise"}, gap=0.07)
    last = max(control, key=float)
    count, n = accuracies[0]["n"], control[last]["same L2"]["accuracy"]["n"]
    widest = max(one["high"] - one["low"] for one in accuracies) / 2
    spread = max(top - bottom for top, bottom in zip(high, low, strict=True))
    listed = ", ".join(f"{percent(v)} at {e:g}" for e, v in zip(epsilons, values, strict=True) if f"{e:g}" in table)
    return Drawing(
        drawn,
        alt=f"Accuracy against epsilon. Under FGSM it falls: {listed}. Random noise of the same epsilon leaves "
        f"{percent(control[last]['same epsilon']['accuracy']['value'])} at {last}, noise of the same L2 norm "
        f"{percent(control[last]['same L2']['accuracy']['value'])}.",
        caption=f"Accuracy under FGSM (L-infinity, untargeted, white box) at {len(epsilons)} epsilons, n = {count:,} "
        f"test images; strokes: 95% Wilson intervals, at most ±{100 * widest:.1f} points. Band: lowest and highest of "
        f"{len(others) + 1} trainings of the same recipe, at {len(band)} epsilons on "
        f"n = {others[0]['0']['n']:,} images, up to {100 * spread:.1f} points wide. "
        f"Noise: random signs, n = {n:,} images.",
    )


@figure(beyond)
def too_far(result: dict[str, Any]) -> Drawing:
    """Accuracy at epsilons beyond the table's."""
    drawn, axes = plt.subplots(figsize=(style.WIDTH, 3.0))
    epsilons, accuracies = over_epsilon(result)
    values = [one["value"] for one in accuracies]
    axes.vlines(epsilons, [a["low"] for a in accuracies], [a["high"] for a in accuracies], color=style.color("fgsm"))
    axes.plot(epsilons, values, label="FGSM", **style.line("fgsm"))
    axes.set(xlabel="epsilon, in pixel units", ylabel="accuracy", xticks=epsilons)
    style.percent_axis(axes)
    axes.set_ylim(0, 1.25 * max(one["high"] for one in accuracies))
    listed = ", ".join(f"{percent(value)} at {epsilon:g}" for epsilon, value in zip(epsilons, values, strict=True))
    return Drawing(
        drawn,
        alt=f"Accuracy under FGSM beyond the table: {listed}.",
        caption="Accuracy under FGSM up to the whole range of a pixel, with 95% Wilson intervals; "
        f"n = {accuracies[0]['n']:,} test images, one training. The vertical axis is cut to show the low end.",
    )
