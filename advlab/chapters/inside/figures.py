"""The figure of how far each layer moves."""

from typing import Any

import matplotlib.pyplot as plt

from advlab.chapters.inside.measure import KINDS, LAYERS, NAMES, SHOWN, drift
from advlab.chapters.shared import style
from advlab.engine.chapter import Drawing, figure


@figure(drift)
def layers(result: dict[str, Any]) -> Drawing:
    """Relative drift by layer under FGSM and under noise of equal size, one panel per epsilon."""
    drawing, grid = plt.subplots(2, 2, figsize=(style.WIDTH, 6.2), sharex=True)
    for axes, epsilon in zip(grid.flat, result["seeds"][0], strict=True):
        for kind in KINDS:
            rows = [result["seeds"][0][epsilon][kind]["drift"][layer] for layer in LAYERS]
            axes.fill_between(
                LAYERS,
                [row["low_quartile"] for row in rows],
                [row["high_quartile"] for row in rows],
                color=style.color(_role(kind)),
                alpha=0.2,
                linewidth=0,
            )
            axes.plot(LAYERS, [row["mean"] for row in rows], **style.line(_role(kind)))
            up = 1 if kind == "fgsm" else -1
            axes.annotate(
                NAMES[kind],
                (3, rows[3]["mean"]),
                (0, 12 * up),
                textcoords="offset points",
                color=style.color(_role(kind)),
                weight="bold",
                ha="center",
                va="bottom" if up > 0 else "top",
            )
        axes.set(title=f"epsilon {epsilon}")
        axes.set_ylim(bottom=0)
        axes.tick_params(axis="x", rotation=35)
    for axes in grid[:, 0]:
        axes.set_ylabel("relative drift")
    return Drawing(
        drawing,
        alt="Four panels of relative drift over layers from input to logits. " + _said(result, SHOWN) + " "
        "Both start equal at the input in every panel.",
        caption="How far each layer moves, relative to its own output: mean and quartiles (band) over "
        f"n = {result['n']:,} test images, training seed 0. FGSM and noise change each image by the same L2 norm. "
        "The four panels have vertical axes of their own.",
    )


def _role(kind: str) -> style.Role:
    return "fgsm" if kind == "fgsm" else "noise"


def _said(result: dict[str, Any], epsilon: str) -> str:
    """The means of one epsilon in words."""
    lines = []
    for kind in KINDS:
        of_kind = result["seeds"][0][epsilon][kind]["drift"]
        lines.append(f"{NAMES[kind]} " + ", ".join(f"{layer} {of_kind[layer]['mean']:.2f}" for layer in LAYERS))
    return f"At epsilon {epsilon}: " + "; ".join(lines) + "."
