"""Bounds on the input of each layer of a network: an interval for every number, carried from layer to layer.

Rounding. An interval computed in float32 is itself rounded, and so is the network whose verdict it bounds: at small
epsilon the network's logits do leave such bounds. `outward=True` therefore moves the ends of every interval outward by
as much as both roundings can amount to: for a sum of n products, in any order, at most n u / (1 - n u) times the sum of
their absolute values, where u is half the machine epsilon (Higham, Accuracy and Stability of Numerical Algorithms, 2nd
edition, section 3.1). The ball is widened by the tolerance of a check of the ball. The bounds then hold for the network
as it is computed in the dtype of its weights, not in a dtype of fewer digits (autocast, TF32).
"""

from dataclasses import dataclass
from typing import NamedTuple, cast

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from advlab.models.rewriting import is_one_channel, one_channel, pair

#: An image this far outside the ball still counts as inside, in pixel units; `advlab.verify` has the same tolerance.
ROUNDING = 1e-6
#: Layers that multiply and add.
Weighted = nn.Linear | nn.Conv2d | nn.BatchNorm1d | nn.BatchNorm2d
#: Further roundings, a generous count: of centre and radius, of the bias, of the ends of the interval.
FURTHER = 8


class Interval(NamedTuple):
    """Least and greatest value of each number over all images of the ball.

    Args:
        lower: [batch, *shape].
        upper: the same shape, nowhere below `lower`.

    Source: Gowal et al. 2018 (arXiv 1810.12715), section 3.
    """

    lower: Tensor
    upper: Tensor

    @property
    def center(self) -> Tensor:
        """Midpoint of the ends."""
        return (self.lower + self.upper) / 2

    @property
    def radius(self) -> Tensor:
        """Half the width, at least 0."""
        return (self.upper - self.lower) / 2


def intervals(
    layers: list[nn.Module],
    images: Float[Tensor, "batch *shape"],
    epsilon: float,
    *,
    outward: bool,
    clean: list[Tensor] | None = None,
) -> list[Interval]:
    """Interval of each layer's input, and of the last layer's output.

    Args:
        layers: each of a class in `advlab.defenses.chain.KNOWN`.
        images: [batch, *shape], in [0, 1], on the layers' device.
        epsilon: radius of the L-infinity ball, in pixel units, in [0, 1].
        outward: whether to widen the intervals by all possible rounding.
        clean: the input of each layer for the unperturbed images. Batch normalisation in training mode takes its
            statistics from it, as in Shi et al. 2021 (arXiv 2103.17268). None: all use the running statistics.

    Returns:
        One interval per layer and one more, in order.

    Source: Gowal et al. 2018 (arXiv 1810.12715), section 3; rounding by Higham 2002, section 3.1.
    """
    reach = epsilon + ROUNDING if outward else epsilon
    found = [Interval((images - reach).clamp(0, 1), (images + reach).clamp(0, 1))]
    for number, layer in enumerate(layers):
        found.append(_through(layer, found[-1], outward, None if clean is None else clean[number]))
    return found


def margins(
    last: nn.Linear, entering: Interval, labels: Int[Tensor, " batch"], *, outward: bool
) -> Float[Tensor, "batch classes"]:
    """Lower bounds of `advlab.defenses.bounds.worst_margins`, given the interval that enters the last layer.

    Args:
        last: the layer that returns the logits.
        entering: the interval of its input, [batch, features].
        labels: [batch], the classes that ought to lead.
        outward: whether to widen the bounds by all possible rounding.

    Returns:
        [batch, classes], in units of logits; 0 for the label itself.

    Source: Gowal et al. 2018 (arXiv 1810.12715), section 3.
    """
    labels = labels.long()
    logits = F.linear(entering.center, last.weight, last.bias)
    differences = last.weight[labels][:, None] - last.weight
    least = logits.gather(1, labels[:, None]) - logits - (differences.abs() @ entering.radius[:, :, None]).squeeze(2)
    if outward:
        slack = _slack(affine(last), entering)
        least = least - slack - slack.gather(1, labels[:, None])
    return least.scatter(1, labels[:, None], 0.0)


@dataclass(frozen=True)
class Affine:
    """A layer with its effective weights.

    Args:
        layer: says how the weights are applied.
        weight: of a convolution, a matrix, or one factor per channel.
        bias: [outputs], what is added.
        bias_size: [outputs], the sum of the absolute values of the terms of the bias.
        terms: the number of products that are summed in one output.

    Source: advlab's own: what a bound on the rounding of one layer needs to know.
    """

    layer: Weighted
    weight: Tensor
    bias: Tensor
    bias_size: Tensor
    terms: int

    def of(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """This layer's map of `x`, with other weights.

        Args:
            x: [batch, *shape], an input of the layer.
            weight: in the place of the layer's weight, of the same shape.
            bias: in the place of its bias; None for no bias.

        Returns:
            [batch, *shape of the output].

        Source: Gowal et al. 2018 (arXiv 1810.12715), section 3: how centre and radius pass a layer.
        """
        if isinstance(self.layer, nn.Conv2d):
            how = self.layer
            if is_one_channel(how):
                return one_channel(x, weight, bias, pair(how.stride), pair(how.padding))
            return F.conv2d(x, weight, bias, how.stride, how.padding, how.dilation, how.groups)
        if isinstance(self.layer, nn.Linear):
            return F.linear(x, weight, bias)
        scaled = x * per_channel(weight, x)
        return scaled if bias is None else scaled + per_channel(bias, x)


def per_channel(values: Float[Tensor, " channels"], like: Tensor) -> Tensor:
    """One value per channel, shaped to multiply [batch, channels, ...].

    Args:
        values: [channels].
        like: a tensor [batch, channels, ...] of the wanted number of dimensions.

    Source: advlab's own, a matter of shapes.
    """
    return values.view(-1, *[1] * (like.ndim - 2))


def affine(layer: Weighted, clean: Tensor | None = None) -> Affine:
    """A layer with its effective weights and bias.

    Args:
        layer: linear, a convolution, or batch normalisation.
        clean: the layer's input for the unperturbed images. Batch normalisation in training mode takes its statistics
            from it; None, or evaluation mode, uses the running statistics.

    Source: Shi et al. 2021 (arXiv 2103.17268) for the statistics of batch normalisation.
    """
    if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
        if clean is not None and layer.training:
            variance, mean = torch.var_mean(clean, [0, *range(2, clean.ndim)], correction=0)
        else:
            mean, variance = cast(Tensor, layer.running_mean), cast(Tensor, layer.running_var)
        scale = (variance + layer.eps).rsqrt()
        scale = scale if layer.weight is None else scale * layer.weight
        moved = mean * scale
        shift = torch.zeros_like(moved) if layer.bias is None else layer.bias
        return Affine(layer, scale, shift - moved, shift.abs() + moved.abs(), 1)
    bias = layer.weight.new_zeros(len(layer.weight)) if layer.bias is None else layer.bias
    return Affine(layer, layer.weight, bias, bias.abs(), layer.weight[0].numel())


def _through(layer: nn.Module, entering: Interval, outward: bool, clean: Tensor | None) -> Interval:
    if isinstance(layer, Weighted):
        acting = affine(layer, clean)
        middle = acting.of(entering.center, acting.weight, acting.bias)
        spread = acting.of(entering.radius, acting.weight.abs(), None)
        if outward:
            spread = spread + _slack(acting, entering)
        return Interval(middle - spread, middle + spread)
    if isinstance(layer, nn.Dropout | nn.Identity):
        return entering
    # All other layers rise with their input, rounded or not, because each of their steps does.
    lower, upper = layer(entering.lower), layer(entering.upper)
    if isinstance(layer, nn.AvgPool2d) and outward:  # ... but a sum may be computed in another order
        largest = layer(torch.maximum(-entering.lower, entering.upper))
        slack = _rounding(largest, torch.Size(_pair(layer.kernel_size)).numel())
        return Interval(lower - slack, upper + slack)
    return Interval(lower, upper)


def _slack(acting: Affine, entering: Interval) -> Tensor:
    sizes = acting.of(entering.center.abs() + entering.radius, acting.weight.abs(), acting.bias_size)
    return _rounding(sizes, acting.terms)


def _rounding(sizes: Tensor, terms: int) -> Tensor:
    """Largest total of roundings in a sum of `terms` products of these absolute values: ours and the network's."""
    share = (terms + FURTHER) * torch.finfo(sizes.dtype).eps
    return sizes * (share / (1 - share)) + terms * torch.finfo(sizes.dtype).tiny


def _pair(size: int | tuple[int, int]) -> tuple[int, int]:
    """Both sides of a size that may be given once."""
    return (size, size) if isinstance(size, int) else size
