"""The plots of the page on the ladder."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.patheffects import AbstractPathEffect, withStroke

from advlab.chapters.ladder.measure import robust, standard
from advlab.chapters.ladder.surface import one_image
from advlab.chapters.ladder.upper_rungs import (
    robust_autoattack,
    robust_restarts,
    robust_steps,
    standard_autoattack,
    standard_restarts,
    standard_steps,
)
from advlab.chapters.shared import style
from advlab.chapters.shared.cells import percent
from advlab.engine.chapter import Drawing, figure

Result = dict[str, Any]
#: The name and role of each rung, and how its line differs from others of that role.
LOOKS: dict[str, tuple[str, style.Role, dict[str, Any]]] = {
    "noise": ("random noise", "noise", {}),
    "FGSM": ("FGSM", "fgsm", {}),
    "PGD": ("PGD", "pgd", {}),
    "margin": ("PGD, margin loss", "clean", {"linestyle": ":", "markerfacecolor": "none"}),
    "restarts": ("PGD, restarts", "repository", {"linestyle": "none"}),
    "AutoAttack": ("AutoAttack", "ink", {"linestyle": "none", "marker": "*", "markersize": 11}),
}
#: The distance between the marks of rungs that would lie on top of one another, in pixel units.
APART = 0.004


def lines(model: Result, restarts: Result, autoattack: Result) -> dict[str, dict[float, Result]]:
    """The accuracy of each rung by epsilon, where it was measured."""
    found = {
        rung: {float(epsilon): row[rung] for epsilon, row in model["epsilons"].items()}
        for rung in ("noise", "FGSM", "PGD", "margin")
    }
    found["restarts"] = {float(epsilon): row[-1] for epsilon, row in restarts["epsilons"].items()}
    found["AutoAttack"] = {float(epsilon): row["AutoAttack"] for epsilon, row in autoattack["epsilons"].items()}
    return {rung: dict(sorted(of.items())) for rung, of in found.items()}


@figure(standard, robust, standard_restarts, robust_restarts, standard_autoattack, robust_autoattack)
def ladder(
    of_standard: Result, of_robust: Result, restarts: Result, robust_again: Result, four: Result, robust_four: Result
) -> Drawing:
    """Accuracy against epsilon on all rungs, for both models."""
    drawn, both = plt.subplots(2, 1, figsize=(style.WIDTH, 8.6))
    panels = {
        "the standard model": (of_standard, restarts, four),
        "the PGD-trained model": (of_robust, robust_again, robust_four),
    }
    told = []
    for axes, (title, results) in zip(both, panels.items(), strict=True):
        drawn_lines = lines(*results)
        accuracies(axes, drawn_lines, results[0]["clean"])
        axes.set_title(title, loc="left")
        axes.set_xlabel("epsilon, in pixel units")
        listed = "; ".join(f"{LOOKS[rung][0]} {in_words(of)}" for rung, of in drawn_lines.items())
        told.append(f"For {title}, without attack {percent(results[0]['clean']['value'])}: {listed}.")
    return Drawing(
        drawn,
        alt=f"Accuracy against epsilon in two panels. {' '.join(told)}",
        caption="Accuracy on each rung (L-infinity, untargeted, white box; noise asks nothing of the model). "
        f"n = {of_standard['n']:,} test images for noise, FGSM, PGD and PGD with the margin loss; "
        f"n = {restarts['n']:,} of them for PGD with {restarts['restarts']} restarts, n = {four['n']:,} for "
        "AutoAttack: what costs more sees fewer. Strokes: 95% Wilson intervals. Marks of one epsilon stand a little "
        "apart, so that none hides another. One training of each model.",
    )


def in_words(of: dict[float, Result]) -> str:
    """Accuracies by epsilon, as text."""
    return ", ".join(f"{percent(one['value'])} at {epsilon:g}" for epsilon, one in of.items())


def accuracies(axes: Axes, drawn_lines: dict[str, dict[float, Result]], clean: Result) -> None:
    """Draws one panel: a line or marks for each rung, from the accuracy without attack, with intervals."""
    labels: dict[str, style.Role] = {}
    for place, (rung, of) in enumerate(drawn_lines.items()):
        name, role, look = LOOKS[rung]
        # The first three are apart by themselves; the others stand beside PGD.
        shift = APART * (place - 2) if place > 2 else 0.0
        shown = of if look.get("linestyle") == "none" else {0.0: clean} | of
        at = [epsilon + (shift if epsilon else 0.0) for epsilon in shown]
        colour = style.color(role)
        axes.vlines(at, [one["low"] for one in shown.values()], [one["high"] for one in shown.values()], color=colour)
        kind = style.line(role) if role != "ink" else {"color": colour}
        axes.plot(at, [one["value"] for one in shown.values()], label=name, **kind | look)
        labels[name] = role
    axes.set(ylabel="accuracy")
    axes.set_xlim(0, max(drawn_lines["PGD"]) + 4 * APART)
    style.percent_axis(axes)
    style.label_ends(axes, labels, gap=0.085)


@figure(standard_steps, robust_steps, standard_restarts, robust_restarts)
def convergence(steps: Result, robust_by: Result, restarts: Result, robust_again: Result) -> Drawing:
    """Accuracy against the number of steps and of restarts, for both models."""
    drawn, (left, right) = plt.subplots(1, 2, figsize=(style.WIDTH, 3.8), sharey=True)
    looks = {name: style.MODELS[name] for name in ("standard", "PGD-trained")}
    told = []
    for (name, role), by_steps, again in zip(looks.items(), (steps, robust_by), (restarts, robust_again), strict=True):
        label = f"{name}, ε = {by_steps['epsilon']:g}"
        counts = sorted(by_steps["steps"], key=int)
        shown = [by_steps["steps"][count] for count in counts]
        after = again["epsilons"][f"{by_steps['epsilon']:g}"]
        marked(left, [int(count) for count in counts], shown, role, label)
        marked(right, list(range(1, len(after) + 1)), after, role, label)
        listed = ", ".join(f"{percent(one['value'])} with {count}" for count, one in zip(counts, shown, strict=True))
        told.append(
            f"{label}: {listed} steps; {percent(after[0]['value'])} after one restart, "
            f"{percent(after[-1]['value'])} after {len(after)}."
        )
    left.set(xscale="log", xlabel="steps", ylabel="accuracy")
    left.set_xticks([1, 2, 5, 10, 20, 40, 80, 160], ["1", "2", "5", "10", "20", "40", "80", "160"])
    left.minorticks_off()
    right.set(xlabel="restarts of 40 steps", xticks=[1, 2, 5, 10])
    style.percent_axis(left)
    left.legend(loc="lower left")
    return Drawing(
        drawn,
        alt="Accuracy under PGD against the number of steps, which is doubled from mark to mark, and against the "
        f"number of restarts. {' '.join(told)}",
        caption="Left: PGD of one random start by its number of steps; all steps together are always 2.5 radii long. "
        f"Right: PGD-40 by the number of restarts. Strokes: 95% Wilson intervals; n = {steps['n']:,} test images.",
    )


def marked(axes: Axes, at: list[int], shown: list[Result], role: style.Role, label: str) -> None:
    """Draws a line with its intervals."""
    axes.vlines(at, [one["low"] for one in shown], [one["high"] for one in shown], color=style.color(role), alpha=0.5)
    axes.plot(at, [one["value"] for one in shown], label=label, **style.line(role))


@figure(one_image)
def way_up(result: Result) -> Drawing:
    """The lead of the best wrong class along PGD's steps, beside FGSM's single step."""
    drawn, axes = plt.subplots(figsize=(style.WIDTH, 3.9))
    lead = result["PGD leads"]
    axes.axhline(0, color=style.color("muted"), linewidth=1)
    axes.plot(range(len(lead)), lead, label="PGD", **style.line("pgd") | {"markevery": 2})
    axes.plot([0, 1], [lead[0], result["FGSM leads"]], label="FGSM", **style.line("fgsm"))
    axes.text(len(lead) - 1, 0, "above: misread", ha="right", va="bottom", color=style.color("muted"))
    axes.set(xlabel="steps", ylabel="lead of the best wrong class", xticks=range(0, len(lead), 5))
    axes.annotate(
        "FGSM", (1, result["FGSM leads"]), (9, 0), textcoords="offset points", color=style.color("fgsm"), va="center",
        weight="bold",
    )  # fmt: skip
    style.label_ends(axes, {"PGD": "pgd"})
    return Drawing(
        drawn,
        alt=f"The lead of the best wrong class over the right one, in logits, for one image. It begins at "
        f"{lead[0]:.1f}. FGSM's one step of full size reaches {result['FGSM leads']:.1f}, so the image is still read "
        f"right. PGD's {result['steps']} small steps reach {lead[-1]:.1f}.",
        caption=f"Test image {result['index']}, a {result['label']}: how far the best wrong class leads the right "
        f"one, in logits, in the ball of ε = {result['epsilon']:g}. FGSM makes one step as long as the radius. "
        f"PGD begins at the image, too, and makes {result['steps']} steps of "
        f"{2.5 * result['epsilon'] / result['steps']:g}. It is the first test image that both models read, that FGSM "
        "does not break and PGD does.",
    )


@figure(one_image)
def surfaces(result: Result) -> Drawing:
    """The loss around one image, along the gradient's sign and along random signs, for both models."""
    drawn, both = plt.subplots(1, 2, figsize=(style.WIDTH, 4.1), sharey=True)
    window, told = result["window"], []
    at = np.linspace(-window, window, result["points"])
    middle = result["points"] // 2
    for axes, name, title in zip(both, ("standard", "robust"), ("standard", "PGD-trained"), strict=True):
        loss, leads = (np.asarray(result[name][kind]) for kind in ("loss", "leads"))
        edges = (-window, window, -window, window)
        axes.imshow(np.log10(1e-4 + loss), cmap=style.HEIGHTS, origin="lower", extent=edges, vmin=-4, vmax=1.5)
        axes.grid(False)
        # White with a black edge: visible on every colour of the map, in both schemes.
        edge: list[AbstractPathEffect] = [withStroke(linewidth=3.5, foreground=style.EDGE_UPON_HEIGHTS)]
        axes.contour(at, at, leads, levels=[0], colors=style.UPON_HEIGHTS, linewidths=2).set(path_effects=edge)
        box = Rectangle((-0.1, -0.1), 0.2, 0.2, fill=False, color=style.UPON_HEIGHTS, linestyle=":", linewidth=1.5)
        box.set_path_effects(edge)
        axes.add_patch(box)
        axes.plot(0, 0, marker="o", color=style.UPON_HEIGHTS, path_effects=edge)
        axes.set(xlabel="along the gradient's sign", title=title, xticks=(-0.3, 0, 0.3), yticks=(-0.3, 0, 0.3))
        wrong = [float(step) for step, lead in zip(at[middle:], leads[middle, middle:], strict=True) if lead > 0]
        border = f"misread from {wrong[0]:.2f} on" if wrong else "read right to the window's edge"
        told.append(
            f"{title}: along the gradient's sign the loss goes from {loss[middle, middle]:.3f} to "
            f"{loss[middle, -1]:.2f}, along random signs to {loss[-1, middle]:.3f}; on the first way the image is "
            f"{border}"
        )
    both[0].set_ylabel("along random signs")
    return Drawing(
        drawn,
        alt=f"Two maps of the loss round one image. {'; '.join(told)}.",
        caption=f"The loss round test image {result['index']}, brighter is higher (logarithmic; both maps on one "
        "scale), clipped to [0, 1]. To the right every pixel moves along the sign of that model's gradient, upwards "
        "along random signs; the axes are in pixel units. Thick line: where the answer changes. Dotted: the square "
        "spanned by steps of 0.1 along each direction.",
    )
