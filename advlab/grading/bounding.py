"""Grader of interval_bounds: soundness against images of the ball, tightness against ours, on small networks."""

import itertools
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from advlab.defenses.bounds import bounds
from advlab.grading.verdict import COMMON, Exercise, Mistake, Solution

SEED = 5
PIXELS, CLASSES = 6, 4
EPSILON = 0.2
#: Bounds may be wider than ours by this fraction, and logits may lie outside by this much: rounding.
WIDER, ROUNDING = 1e-3, 1e-4

HINTS = {
    **COMMON,
    "returns": "The function should return two tensors, lower and upper, each [batch, classes].",
    "upside_down": "Some lower bound lies above its upper bound. What happens to an interval that is multiplied by a "
    "negative weight?",
    "signs_ignored": "The bounds are not sound: an image of the ball gives a logit outside them. Each end went through "
    "the layers by itself, or weights of both signs cancelled in a radius: a negative weight swaps the ends.",
    "not_sound": "The bounds are not sound: an image of the ball gives a logit outside them. The largest logit found "
    "by trying images is only a lower bound of the upper bound.",
    "bias_in_the_radius": "The bounds hold, and are too wide: the bias shifts an interval and does not widen it.",
    "outside_the_domain": "The bounds hold, and are too wide: they allow for images with pixels below 0 or above 1. "
    "No attacker may send them.",
    "relu_ignored": "The bounds hold, or nearly, of a network without its ReLUs.",
    "too_wide": "The bounds hold, and are wider than interval arithmetic layer by layer makes them.",
    "in_place": "Your function has changed the given model or images.",
}


def networks() -> Iterator[nn.Sequential]:
    """Networks of one, two and three linear layers. Their weights are random and always the same."""
    generator = torch.Generator().manual_seed(SEED)
    for widths in ((PIXELS, CLASSES), (PIXELS, 8, CLASSES), (PIXELS, 8, 8, CLASSES)):
        layers: list[nn.Module] = [nn.Flatten()]
        for number, (wide, next_wide) in enumerate(itertools.pairwise(widths)):
            linear = nn.Linear(wide, next_wide)
            with torch.no_grad():
                linear.weight.copy_(torch.randn(linear.weight.shape, generator=generator))
                linear.bias.copy_(torch.randn(linear.bias.shape, generator=generator))
            layers += [linear] if number == len(widths) - 2 else [linear, nn.ReLU()]
        yield nn.Sequential(*layers).eval()


def batch() -> Tensor:
    """Images with pixels inside [0, 1], all black, and all white: [7, 1, 2, 3]."""
    generator = torch.Generator().manual_seed(SEED)
    images = torch.rand(5, 1, 2, 3, generator=generator)
    return torch.cat([images, torch.zeros(1, 1, 2, 3), torch.ones(1, 1, 2, 3)])


def reached(model: nn.Module, images: Tensor) -> Tensor:
    """Logits of images of each ball: its corners, its centre, and points between.

    Args:
        model: one of `networks`.
        images: [batch, 1, 2, 3], in [0, 1].

    Returns:
        [batch, points, classes].

    Source: advlab's own, made for the book's exercises.
    """
    corners = torch.tensor(list(itertools.product((-1.0, 0.0, 1.0), repeat=PIXELS)))
    points = (images.flatten(1)[:, None] + EPSILON * corners).clamp(0, 1)
    with torch.no_grad():
        logits: Tensor = model(points.reshape(-1, *images.shape[1:]))
    return logits.reshape(len(images), len(corners), CLASSES)


def propagated(model: nn.Sequential, images: Tensor, mistake: str) -> tuple[Tensor, Tensor]:
    """Bounds by interval arithmetic with one mistake.

    Args:
        model: one of `networks`.
        images: [batch, 1, 2, 3], in [0, 1].
        mistake: the key of its hint, one of `KNOWN`.

    Returns:
        The lower and the upper bounds, each [batch, classes].

    Source: Gowal et al. 2018 (arXiv 1810.12715), section 3, but for the mistakes.
    """
    lower, upper = images - EPSILON, images + EPSILON
    if mistake != "outside_the_domain":
        lower, upper = lower.clamp(0, 1), upper.clamp(0, 1)
    with torch.no_grad():
        for layer in model:
            if isinstance(layer, nn.Linear) and mistake == "signs_ignored":
                lower, upper = layer(lower), layer(upper)
            elif isinstance(layer, nn.Linear):
                center, radius = layer((lower + upper) / 2), (upper - lower) / 2
                bias = layer.bias if mistake == "bias_in_the_radius" else None
                spread = F.linear(radius, layer.weight.abs(), bias)
                lower, upper = center - spread, center + spread
            elif not (isinstance(layer, nn.ReLU) and mistake == "relu_ignored"):
                lower, upper = layer(lower), layer(upper)
    return lower, upper


#: Mistakes that are recognised by their bounds.
KNOWN = ("signs_ignored", "bias_in_the_radius", "outside_the_domain", "relu_ignored")


def _grade(solution: Solution) -> list[str]:
    images, tried = batch(), 0
    for model in reversed(list(networks())):
        weights = {name: value.clone() for name, value in model.state_dict().items()}
        given = images.clone()
        lower, upper = _pair(solution(model, given, EPSILON), len(images))
        if not torch.equal(given, images) or any(not torch.equal(v, weights[k]) for k, v in model.state_dict().items()):
            raise Mistake("in_place")
        with torch.no_grad():
            least, most = bounds(model, images, EPSILON, outward=False)
        logits = reached(model, images)
        tried += logits.shape[0] * logits.shape[1]
        outside = (logits < lower[:, None] - ROUNDING) | (logits > upper[:, None] + ROUNDING)
        slack = WIDER * (most - least) + ROUNDING
        wide = (lower < least - slack) | (upper > most + slack)
        if not outside.any() and not wide.any():
            continue
        depth = sum(isinstance(layer, nn.Linear) for layer in model)
        seen = f"on a network of {depth} linear layers, " + (
            f"{float(outside.any(2).float().mean()):.0%} of the images tried in the ball have a logit outside"
            if outside.any()
            else f"yours are {float(((upper - lower) / (most - least)).mean()):.2f} times as wide as ours on average"
        )
        for mistake in KNOWN:
            wrong = propagated(model, images, mistake)
            if torch.allclose(lower, wrong[0], atol=1e-4) and torch.allclose(upper, wrong[1], atol=1e-4):
                raise Mistake(mistake, seen)
        if (lower > upper + ROUNDING).any():
            raise Mistake("upside_down", seen)
        raise Mistake("not_sound" if outside.any() else "too_wide", seen)
    return [
        f"sound: {tried:,} images of the balls, corners and inside, on three networks, and no logit outside",
        "tight: no bound is wider than interval arithmetic makes it",
        "pixels stay in [0, 1]; model and images are as they were",
    ]


def _pair(found: object, count: int) -> tuple[Tensor, Tensor]:
    if not isinstance(found, tuple | list) or len(found) != 2 or not all(isinstance(end, Tensor) for end in found):
        raise Mistake("returns", f"expected two tensors, got a {type(found).__name__}")
    lower, upper = (end.detach() for end in found)
    if lower.shape != (count, CLASSES) or upper.shape != (count, CLASSES):
        raise Mistake(
            "returns", f"expected [{count}, {CLASSES}] twice, got {list(lower.shape)} and {list(upper.shape)}"
        )
    if not (lower.isfinite().all() and upper.isfinite().all()):
        raise Mistake("returns", "the bounds hold NaN or infinity")
    return lower, upper


INTERVAL_BOUNDS = Exercise(_grade, HINTS)
