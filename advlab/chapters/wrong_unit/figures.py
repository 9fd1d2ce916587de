"""Curves, clamps and one digit."""

from typing import Any

import matplotlib.pyplot as plt

from advlab.chapters.shared import style
from advlab.chapters.wrong_unit.measure import PICTURED, PRINTED, pictures, units, ways
from advlab.chapters.wrong_unit.variants import EPSILONS, WAYS
from advlab.engine.chapter import Drawing, figure

ROLES: dict[str, style.Role] = {"article": "article", "repository": "repository", "normalised": "pgd", "pixels": "fgsm"}


@figure(ways)
def curves(result: dict[str, Any]) -> Drawing:
    """Accuracy against epsilon: four ways, and what the article prints."""
    drawing, axes = plt.subplots()
    labels: dict[str, style.Role] = {}
    for way, (name, _) in WAYS.items():
        rows = [result[way][f"{epsilon:g}"]["accuracy"] for epsilon in EPSILONS]
        axes.plot(EPSILONS, [row["value"] for row in rows], label=name, **style.line(ROLES[way]))
        axes.fill_between(
            EPSILONS,
            [row["low"] for row in rows],
            [row["high"] for row in rows],
            color=style.color(ROLES[way]),
            alpha=0.18,
            linewidth=0,
        )
        labels[name] = ROLES[way]
    ink = style.color("ink")
    axes.plot(EPSILONS, PRINTED, label="printed", color=ink, marker="o", markerfacecolor="none", linestyle="none")
    labels["printed"] = "ink"
    style.percent_axis(axes)
    axes.set(xlabel="the number given as epsilon, whatever its unit", ylabel="accuracy", xticks=EPSILONS)
    style.label_ends(axes, labels, gap=0.075)
    last = f"{EPSILONS[-1]:g}"
    said = "; ".join(f"{name} {100 * result[way][last]['accuracy']['value']:.1f}%" for way, (name, _) in WAYS.items())
    return Drawing(
        drawing,
        alt=f"Four curves of accuracy over epsilon from 0 to {last}, and five rings for what the article prints. "
        f"At {last}: {said}; printed {100 * PRINTED[-1]:.1f}%.",
        caption="One network, one sign of the gradient, five numbers called epsilon, four readings of them. Rings: the "
        f"accuracies that the article prints. n = {result['n']:,} test images; bands are 95% Wilson intervals; one "
        "training seed.",
    )


@figure(units)
def clamps(result: dict[str, Any]) -> Drawing:
    """What each clamp makes of a grey level, without any attack."""
    drawing, axes = plt.subplots(figsize=(style.WIDTH, 3.9))
    before = [step / 255 for step in range(256)]
    names = {"pixels": "C and D", "repository": "B", "article": "A"}
    for way, name in names.items():
        low, high = result["clamps"][way]["low"], result["clamps"][way]["high"]
        after = [min(max(value, low), high) for value in before]
        axes.plot(before, after, label=name, **{**style.line(ROLES[way]), "marker": ""})
    axes.set(
        xlabel="pixel before (0 black, 1 white)", ylabel="pixel that the network sees", xlim=(0, 1), ylim=(0, 1.02)
    )
    style.label_ends(axes, {name: ROLES[way] for way, name in names.items()})
    low, high = result["clamps"]["article"]["low"], result["clamps"]["article"]["high"]
    top = result["clamps"]["repository"]["high"]
    return Drawing(
        drawing,
        alt="Three lines of pixel after the clamp over pixel before. C and D: the diagonal, nothing changes. "
        f"B: the diagonal up to {top:.3f}, flat above. A: flat at {low:.3f}, the diagonal up to {high:.3f}, then flat.",
        caption="What each clamp makes of a grey level when nobody attacks ($\\epsilon = 0$), in pixel units. "
        "It follows from the mean and the standard deviation alone.",
    )


@figure(pictures)
def digits(result: dict[str, Any]) -> Drawing:
    """One digit as the network sees it under each way, at epsilon 0 and at 0.2."""
    rows = ("0", f"{PICTURED:g}")
    drawing, grid = plt.subplots(2, 4, figsize=(style.WIDTH, 4.6))
    for line, epsilon in zip(grid, rows, strict=True):
        for axes, (way, (name, _)) in zip(line, WAYS.items(), strict=True):
            one = result[epsilon][way]
            style.show(axes, one["pixels"], name if epsilon == "0" else "")
            axes.set_xlabel(f"{one['digit']} ({100 * one['confidence']:.0f}%)")
        line[0].set_ylabel(f"epsilon {epsilon}")
    words = "; ".join(
        f"epsilon {epsilon}: " + ", ".join(f"{WAYS[way][0]} read as {result[epsilon][way]['digit']}" for way in WAYS)
        for epsilon in rows
    )
    ends = [value for row in result["0"]["article"]["pixels"] for value in row]
    return Drawing(
        drawing,
        alt=f"A handwritten {result['label']} as the network sees it, in two rows of four. {words}. Under A the "
        f"image is a dim grey on grey, from {min(ends):.2f} to {max(ends):.2f}, before any attack.",
        caption=f"What the network gets to see, drawn in pixels: test image {result['index']}, a {result['label']}, "
        f"the first that D breaks at $\\epsilon = {PICTURED:g}$ and A does not. Below each image: the network's answer "
        "and its confidence. All on one scale from black to white; what lies outside it is drawn as its end.",
    )
