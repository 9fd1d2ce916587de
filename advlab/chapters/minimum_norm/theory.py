"""Two pixels and a straight boundary: the nearest error by formula and by the library's attacks."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.patches import Circle, Rectangle
from torch import nn

from advlab.attacks import deepfool, fab
from advlab.attacks.ball import Norm, lengths
from advlab.chapters.shared import style
from advlab.engine.cache.profile import Profile
from advlab.engine.chapter import Drawing, figure, measurement
from advlab.evaluation import logits

#: The boundary is WEIGHTS · x = THRESHOLD; the image is grey, far from the box's edges.
WEIGHTS, THRESHOLD, IMAGE = (2.0, 1.0), 1.8, (0.4, 0.45)
OVERSHOOT = 1e-6  # DeepFool's, small enough not to be seen


def linear() -> nn.Module:
    """A linear model of two pixels and two classes: the second class's logit is the score, the first one's is zero."""
    score = nn.Linear(2, 2)
    with torch.no_grad():
        score.weight.copy_(torch.tensor([(0.0, 0.0), WEIGHTS]))
        score.bias.copy_(torch.tensor([0.0, -THRESHOLD]))
    return nn.Sequential(nn.Flatten(), score).double().eval()


@measurement
def closed_form(profile: Profile) -> dict[str, Any]:
    """The distance from an image of two pixels to a straight boundary, by formula, by DeepFool and by FAB."""
    model, image = linear(), torch.tensor([[IMAGE]]).double()
    label, w = torch.tensor([0]), torch.tensor(WEIGHTS).double()
    score = float(logits(model, image)[0, 1])
    rows: dict[str, Any] = {}
    norms: tuple[tuple[Norm, float], ...] = (("L2", float(w.norm())), ("Linf", float(w.abs().sum())))
    for norm, dual in norms:
        fooled = deepfool(model, image, label, norm=norm, overshoot=OVERSHOOT)
        same = fab(model, image, label, norm=norm, steps=10, generator=torch.Generator().manual_seed(0))
        rows[norm] = {
            "formula": abs(score) / dual,
            "DeepFool": float(lengths(fooled - image, norm)),
            "FAB": float(lengths(same - image, norm)),
            "point": fooled.flatten().tolist(),
        }
    return {"score": score, **rows}


@figure(closed_form)
def boundary(result: dict[str, Any]) -> Drawing:
    """The nearest point of a line, in two norms."""
    drawn, axes = plt.subplots(figsize=(style.WIDTH * 0.72, 4.4))
    ends = np.array([0.0, 1.0])
    axes.plot(ends, (THRESHOLD - WEIGHTS[0] * ends) / WEIGHTS[1], color=style.color("ink"), linewidth=2)
    radius, side = result["L2"]["formula"], result["Linf"]["formula"]
    axes.add_patch(Circle(IMAGE, radius, fill=False, color=style.color("clean"), linewidth=2))
    corner = (IMAGE[0] - side, IMAGE[1] - side)
    axes.add_patch(
        Rectangle(corner, 2 * side, 2 * side, fill=False, color=style.color("fgsm"), linewidth=2, linestyle="--")
    )
    axes.plot(*IMAGE, "o", color=style.color("ink"))
    axes.annotate("image", IMAGE, (-8, -16), textcoords="offset points", ha="right")
    for norm, role, offset in (("L2", "clean", (10, -14)), ("Linf", "fgsm", (10, 6))):
        point, shade = result[norm]["point"], style.color("clean" if role == "clean" else "fgsm")
        axes.plot(*point, "s" if norm == "Linf" else "o", color=shade, markersize=8)
        axes.annotate(
            "",
            point,
            IMAGE,
            arrowprops={"arrowstyle": "-|>", "color": shade, "shrinkA": 4, "shrinkB": 4, "linewidth": 1.5},
        )
        name = "L2" if norm == "L2" else "L∞"
        axes.annotate(
            f"{name}: {result[norm]['formula']:.3f}",
            point,
            offset,
            textcoords="offset points",
            color=shade,
            weight="bold",
        )
    axes.annotate("another class", (0.86, 0.93), ha="right", color=style.color("muted"))
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", xlabel="first pixel", ylabel="second pixel")
    return Drawing(
        drawn,
        alt="A square of two pixels' values with a straight, falling boundary and one image below it. A circle around "
        f"the image touches the boundary where the perpendicular meets it, at an L2 distance of {radius:.3f}; a square "
        f"touches it with its upper right corner, at an L-infinity distance of {side:.3f}.",
        caption="An image of two pixels and a linear model. Each ball grows until it touches the boundary: the circle "
        "(L2) at the foot of the perpendicular, the square (L-infinity) at a corner. The arrows end where "
        f"`advlab`'s DeepFool ends. The distances are {radius:.3f} and {side:.3f}, in pixel units.",
    )
