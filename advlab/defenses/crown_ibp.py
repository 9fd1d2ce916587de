"""CROWN-IBP: Zhang et al., 2020 (arXiv 1906.06316). Threat model: L-infinity, pixel units.

Intervals say what can enter each ReLU (the cheap pass forward); between those two ends the ReLU lies between two
straight lines; so, going backward from the margins, each margin lies above one linear function of the pixels, whose
least value over the ball is known exactly. Tighter than intervals alone for networks not trained for them, several
times as dear. Not made for MaxPool2d: let convolutions stride instead.

Nothing is rounded outward here: these bounds are for training, and for proofs of the network in exact arithmetic when
model and images are float64. `advlab.defenses.bounds.certified` proves the network as it is computed.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.grad import conv2d_input

from advlab.attacks.input_checks import check_classes, check_epsilon, check_images, check_share
from advlab.defenses.chain import chain
from advlab.defenses.intervals import Interval, Weighted, affine, intervals, margins, per_channel
from advlab.models import Contrast, Normalize

#: Layers that treat each pixel by itself: they make a box of a box.
PIXEL_BY_PIXEL = (Normalize, Contrast, nn.Identity, nn.Dropout)


def crown_margins(
    model: nn.Module,
    images: Float[Tensor, "batch *shape"],
    labels: Int[Tensor, " batch"],
    epsilon: float,
    *,
    beta: float = 1.0,
) -> Float[Tensor, "batch classes"]:
    """For each class, how far the label's logit leads it at the least; 0 for the label itself. Differentiable.

    Args:
        model: a chain of the layers in `advlab.defenses.chain.KNOWN` but MaxPool2d; in evaluation mode or taken as if.
        images: in [0, 1], on the model's device.
        labels: the classes that ought to lead.
        epsilon: radius of the ball, L-infinity, in pixel units, [0, 1].
        beta: share of CROWN-IBP's bound in the result, [0, 1]; the rest is the bound of intervals alone
            (section 3). Both are bounds, so their mixture is.

    Raises:
        ValueError, TypeError: bad input, or a model whose bounds are unknown (`advlab.defenses.chain.chain`).
    """
    check_epsilon(epsilon)
    check_share("beta", beta)
    check_images(images, model)
    body, last = chain(model)
    check_body(body)
    check_classes("labels", labels, images, last.out_features)
    entering = intervals(body, images, epsilon, outward=False)
    return mixed(body, last, entering, labels, beta)


def check_body(body: list[nn.Module]) -> None:
    """Raises ValueError if a slope cannot be taken through one of the layers."""
    if any(isinstance(layer, nn.MaxPool2d) for layer in body):
        raise ValueError("CROWN-IBP is not made for MaxPool2d here: let convolutions stride, or use interval bounds")
    if any(isinstance(layer, nn.Conv2d) and isinstance(layer.padding, str) for layer in body):
        raise ValueError("CROWN-IBP needs the padding of a convolution in numbers, not as 'same' or 'valid'")
    if not all(isinstance(layer, PIXEL_BY_PIXEL) for layer in body[: _first(body)]):
        raise ValueError("CROWN-IBP takes Contrast only where no layer has mixed the pixels yet: put it in front")


def _first(body: list[nn.Module]) -> int:
    """The layer whose input is the box that slopes are taken to: the first, or the one behind the last `Contrast`."""
    return max((number + 1 for number, layer in enumerate(body) if isinstance(layer, Contrast)), default=0)


def mixed(
    body: list[nn.Module],
    last: nn.Linear,
    entering: list[Interval],
    labels: Int[Tensor, " batch"],
    beta: float,
    clean: list[Tensor] | None = None,
) -> Float[Tensor, "batch classes"]:
    """`crown_margins` from what can enter each layer; no pass backward where `beta` is 0, none of intervals at 1."""
    if beta == 0:
        return margins(last, entering[-1], labels, outward=False)
    linear = backward(body, last, entering, labels, clean)
    if beta == 1:
        return linear
    return (1 - beta) * margins(last, entering[-1], labels, outward=False) + beta * linear


def backward(
    body: list[nn.Module],
    last: nn.Linear,
    entering: list[Interval],
    labels: Int[Tensor, " batch"],
    clean: list[Tensor] | None = None,
) -> Float[Tensor, "batch classes"]:
    """The least value of the linear function below each margin: CROWN in one pass backward (section 3).

    Args:
        entering: what can enter each layer of the body, and the last (`intervals`).
        clean: what enters each layer when nothing is perturbed, see `intervals`.
    """
    labels = labels.long()
    slopes = last.weight[labels][:, None] - last.weight
    batch, classes = slopes.shape[:2]
    least = slopes.new_zeros(batch, classes)
    if last.bias is not None:
        least = least + last.bias[labels][:, None] - last.bias
    slopes = slopes.flatten(0, 1)  # images and classes are one dimension, so that a slope passes a layer like an image
    first = _first(body)
    for number in reversed(range(first, len(body))):
        slopes, added = _through(body[number], slopes, entering[number], None if clean is None else clean[number])
        least = least + added.view(batch, classes)
    ball, slopes = entering[first], slopes.view(batch, classes, -1)
    center, radius = ball.center.flatten(1)[:, :, None], ball.radius.flatten(1)[:, :, None]
    return least + (slopes @ center - slopes.abs() @ radius).squeeze(2)


def _through(layer: nn.Module, slopes: Tensor, entering: Interval, clean: Tensor | None) -> tuple[Tensor, Tensor]:
    """From slopes in what a layer gives to slopes in what it takes, and the constant that this adds."""
    before = (len(slopes), *entering.lower.shape[1:])
    nothing = slopes.new_zeros(len(slopes))
    if isinstance(layer, nn.ReLU):
        return _through_relu(slopes, entering)
    if isinstance(layer, Normalize):
        slopes = slopes / layer.std
        return slopes, -slopes.flatten(1).sum(1) * layer.mean
    if isinstance(layer, nn.Flatten):
        return slopes.reshape(before), nothing
    if isinstance(layer, nn.AvgPool2d):
        how = (layer.kernel_size, layer.stride, layer.padding, layer.ceil_mode, layer.count_include_pad)
        pooled = torch.ops.aten.avg_pool2d_backward(
            slopes, slopes.new_empty(before), *map(_listed, how[:3]), *how[3:], layer.divisor_override
        )
        return pooled, nothing
    if isinstance(layer, Weighted):
        acting = affine(layer, clean)
        added = (slopes.flatten(2).sum(2) if slopes.ndim > 2 else slopes) @ acting.bias  # it is added at every place
        if isinstance(layer, nn.Linear):
            return slopes @ acting.weight, added
        if isinstance(layer, nn.Conv2d):
            sent = conv2d_input(
                before, acting.weight, slopes, layer.stride, layer.padding, layer.dilation, layer.groups
            )
            return sent, added
        return slopes * per_channel(acting.weight, slopes), added
    return slopes, nothing  # Dropout and Identity, in evaluation mode


def _through_relu(slopes: Tensor, entering: Interval) -> tuple[Tensor, Tensor]:
    """Where a slope is negative, ReLU lies below the chord of its two ends; where positive, above 0 or its input."""
    below, above = entering.lower.clamp(max=0), entering.upper.clamp(min=0)
    chord = above / (above - below).clamp_min(torch.finfo(below.dtype).tiny)
    tangent = (entering.upper > -entering.lower).to(slopes)  # the one that leaves the smaller area (adaptive)
    batch = len(chord)
    rows = slopes.view(batch, -1, *slopes.shape[1:])
    rising, falling = rows.clamp(min=0), rows.clamp(max=0)
    added = (falling * (-chord * below)[:, None]).flatten(2).sum(2)
    return (rising * tangent[:, None] + falling * chord[:, None]).flatten(0, 1), added.flatten()


def _listed(size: int | tuple[int, int]) -> list[int]:
    return [size, size] if isinstance(size, int) else list(size)
