"""CROWN-IBP: Zhang et al., 2020 (arXiv 1906.06316). Threat model: L-infinity, pixel units.

Intervals bound the input of each ReLU (the cheap forward pass). Between the two ends of such an interval the ReLU lies
between two straight lines. Going backward from the margins, each margin therefore lies above one linear function of the
pixels, whose minimum over the ball is known exactly. The result is tighter than intervals alone for networks not
trained for them, and costs several times as much. MaxPool2d is not supported: use strided convolutions instead.

Nothing is rounded outward here. These bounds are for training, and for proofs about the network in exact arithmetic
when model and images are float64. `advlab.defenses.bounds.certified` proves the network as it is computed.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.grad import conv2d_input

from advlab.attacks.input_checks import check_classes, check_epsilon, check_images, check_share
from advlab.defenses.chain import chain
from advlab.defenses.intervals import Interval, Weighted, affine, intervals, margins, per_channel
from advlab.models import Contrast, Normalize

#: Layers that treat each pixel by itself: they map a box to a box.
PIXEL_BY_PIXEL = (Normalize, Contrast, nn.Identity, nn.Dropout)


def crown_margins(
    model: nn.Module,
    images: Float[Tensor, "batch *shape"],
    labels: Int[Tensor, " batch"],
    epsilon: float,
    *,
    beta: float = 1.0,
) -> Float[Tensor, "batch classes"]:
    """Lower bound of the label's lead over each class; 0 for the label itself. Differentiable in the parameters.

    Args:
        model: a chain of the layers in `advlab.defenses.chain.KNOWN` except MaxPool2d. The bounds hold for it in
            evaluation mode, whichever mode it is in.
        images: [batch, *shape], in [0, 1], on the model's device.
        labels: [batch], the classes that ought to lead.
        epsilon: radius of the L-infinity ball, in pixel units, in [0, 1].
        beta: weight of CROWN-IBP's bound in the result, in [0, 1]; the rest is the bound of intervals alone. Both are
            bounds, so their weighted mean is one too.

    Returns:
        [batch, classes], in units of logits.

    Raises:
        TypeError: epsilon is not a number; images or labels are not tensors of the right dtype.
        ValueError: epsilon or beta is outside [0, 1]; images are empty, not finite or outside [0, 1]; labels do not fit
            the images or the classes; the model holds a layer whose bounds are unknown (`advlab.defenses.chain.chain`,
            `check_body`).

    Source: Zhang et al. 2020 (arXiv 1906.06316), section 3.
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
    """Refuse layers through which no slope can be taken.

    Args:
        body: all layers but the last, as `advlab.defenses.chain.chain` returns them.

    Raises:
        ValueError: there is a MaxPool2d, a convolution whose padding is a word, or a `Contrast` behind a layer that
            mixes pixels.
    """
    if any(isinstance(layer, nn.MaxPool2d) for layer in body):
        raise ValueError("CROWN-IBP does not support MaxPool2d: let convolutions stride, or use interval bounds")
    if any(isinstance(layer, nn.Conv2d) and isinstance(layer.padding, str) for layer in body):
        raise ValueError("CROWN-IBP needs the padding of convolutions in numbers, not as 'same' or 'valid'")
    if not all(isinstance(layer, PIXEL_BY_PIXEL) for layer in body[: _first(body)]):
        raise ValueError("CROWN-IBP takes Contrast only before the first layer that mixes pixels: put it in front")


def _first(body: list[nn.Module]) -> int:
    """Index of the layer whose input box the slopes are taken to: 0, or the layer behind the last `Contrast`."""
    return max((number + 1 for number, layer in enumerate(body) if isinstance(layer, Contrast)), default=0)


def mixed(
    body: list[nn.Module],
    last: nn.Linear,
    entering: list[Interval],
    labels: Int[Tensor, " batch"],
    beta: float,
    clean: list[Tensor] | None = None,
) -> Float[Tensor, "batch classes"]:
    """Margins of `crown_margins`, given the intervals that enter each layer.

    Args:
        body: all layers but the last.
        last: the layer that returns the logits.
        entering: for each layer of the body and for the last, the interval of its input (`intervals`).
        labels: [batch], the classes that ought to lead.
        beta: weight of CROWN-IBP's bound, in [0, 1]; at 0 there is no backward pass, at 1 no interval bound of the
            margins.
        clean: the input of each layer for the unperturbed images; see `intervals`. None for running statistics.

    Returns:
        [batch, classes], in units of logits.

    Source: Zhang et al. 2020 (arXiv 1906.06316), section 3.
    """
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
    """Minimum over the ball of the linear function below each margin: CROWN in one backward pass.

    Args:
        body: all layers but the last.
        last: the layer that returns the logits.
        entering: for each layer of the body and for the last, the interval of its input (`intervals`).
        labels: [batch], the classes that ought to lead.
        clean: the input of each layer for the unperturbed images; see `intervals`. None for running statistics.

    Returns:
        [batch, classes], in units of logits; differentiable in the parameters.

    Source: Zhang et al. 2020 (arXiv 1906.06316), section 3.
    """
    labels = labels.long()
    slopes = last.weight[labels][:, None] - last.weight
    batch, classes = slopes.shape[:2]
    least = slopes.new_zeros(batch, classes)
    if last.bias is not None:
        least = least + last.bias[labels][:, None] - last.bias
    slopes = slopes.flatten(0, 1)  # images and classes become one dimension: a slope passes a layer like an image
    first = _first(body)
    for number in reversed(range(first, len(body))):
        slopes, added = _through(body[number], slopes, entering[number], None if clean is None else clean[number])
        least = least + added.view(batch, classes)
    ball, slopes = entering[first], slopes.view(batch, classes, -1)
    center, radius = ball.center.flatten(1)[:, :, None], ball.radius.flatten(1)[:, :, None]
    return least + (slopes @ center - slopes.abs() @ radius).squeeze(2)


def _through(layer: nn.Module, slopes: Tensor, entering: Interval, clean: Tensor | None) -> tuple[Tensor, Tensor]:
    """Slopes in a layer's input, given slopes in its output, and the constant that this adds."""
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
        # The bias is added at every place of a channel.
        added = (slopes.flatten(2).sum(2) if slopes.ndim > 2 else slopes) @ acting.bias
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
    """Below a ReLU lie: for a negative slope, the chord between its two ends; for a positive one, 0 or its input."""
    below, above = entering.lower.clamp(max=0), entering.upper.clamp(min=0)
    chord = above / (above - below).clamp_min(torch.finfo(below.dtype).tiny)
    tangent = (entering.upper > -entering.lower).to(slopes)  # slope 0 or 1, whichever leaves the smaller area
    batch = len(chord)
    rows = slopes.view(batch, -1, *slopes.shape[1:])
    rising, falling = rows.clamp(min=0), rows.clamp(max=0)
    added = (falling * (-chord * below)[:, None]).flatten(2).sum(2)
    return (rising * tangent[:, None] + falling * chord[:, None]).flatten(0, 1), added.flatten()


def _listed(size: int | tuple[int, int]) -> list[int]:
    return [size, size] if isinstance(size, int) else list(size)
