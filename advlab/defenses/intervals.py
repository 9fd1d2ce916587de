"""What can enter each layer of a network: an interval for every number, carried from layer to layer.

Rounding. An interval computed in float32 is itself rounded, and so is the network whose verdict it speaks for: at small
epsilon its logits do leave such bounds. `outward=True` moves the ends of every interval out by what both roundings can
come to: of a sum of n products, in any order, at most n u / (1 - n u) times the sum of their sizes, where u is half the
machine epsilon (Higham, Accuracy and Stability of Numerical Algorithms, 2nd edition, section 3.1). The ball is widened
by what a check of the ball forgives. So the bounds hold for the network as it is computed, in the dtype of its weights,
not in one of fewer digits (autocast, TF32).
"""

from dataclasses import dataclass
from typing import NamedTuple, cast

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from advlab.models.rewriting import is_one_channel, one_channel, pair

#: An image this far outside of the ball still counts as inside, in pixel units (`advlab.verify` forgives as much).
ROUNDING = 1e-6
#: Layers that multiply and add.
Weighted = nn.Linear | nn.Conv2d | nn.BatchNorm1d | nn.BatchNorm2d
#: Roundings beside those of the sum itself: centre and radius, the bias, the ends of the interval. Generous.
FURTHER = 8


class Interval(NamedTuple):
    """The least and the greatest value of each number, over all images of the ball."""

    lower: Tensor
    upper: Tensor

    @property
    def center(self) -> Tensor:
        """Halfway between the ends."""
        return (self.lower + self.upper) / 2

    @property
    def radius(self) -> Tensor:
        """Half the width, not negative."""
        return (self.upper - self.lower) / 2


def intervals(
    layers: list[nn.Module],
    images: Float[Tensor, "batch *shape"],
    epsilon: float,
    *,
    outward: bool,
    clean: list[Tensor] | None = None,
) -> list[Interval]:
    """What can enter each of the layers, and at the end what can leave the last.

    Args:
        clean: what enters each layer when nothing is perturbed; batch normalisation that is in training mode takes its
            statistics from there (as Shi et al. 2021, arXiv 2103.17268, do). Without it all take the running ones.
    """
    reach = epsilon + ROUNDING if outward else epsilon
    found = [Interval((images - reach).clamp(0, 1), (images + reach).clamp(0, 1))]
    for number, layer in enumerate(layers):
        found.append(_through(layer, found[-1], outward, None if clean is None else clean[number]))
    return found


def margins(
    last: nn.Linear, entering: Interval, labels: Int[Tensor, " batch"], *, outward: bool
) -> Float[Tensor, "batch classes"]:
    """`worst_margins` from what can enter the last layer."""
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
    """A layer with weights as they act.

    Args:
        layer: says how they are applied.
        weight: of a convolution, a matrix, or one factor for each channel.
        bias: what is added.
        bias_size: the sum of the sizes of what the bias was added up from.
        terms: how many products make one output.
    """

    layer: Weighted
    weight: Tensor
    bias: Tensor
    bias_size: Tensor
    terms: int

    def of(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """This layer's map with other weights."""
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
    """One value a channel, shaped to multiply [batch, channels, ...]."""
    return values.view(-1, *[1] * (like.ndim - 2))


def affine(layer: Weighted, clean: Tensor | None = None) -> Affine:
    """Weights and bias of a layer; batch normalisation's by its running statistics, or by `clean` if it is training."""
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
    # The rest rises with its input, rounded or not: each step of it does.
    lower, upper = layer(entering.lower), layer(entering.upper)
    if isinstance(layer, nn.AvgPool2d) and outward:  # ... but a sum may be added up in another order
        largest = layer(torch.maximum(-entering.lower, entering.upper))
        slack = _rounding(largest, torch.Size(_pair(layer.kernel_size)).numel())
        return Interval(lower - slack, upper + slack)
    return Interval(lower, upper)


def _slack(acting: Affine, entering: Interval) -> Tensor:
    sizes = acting.of(entering.center.abs() + entering.radius, acting.weight.abs(), acting.bias_size)
    return _rounding(sizes, acting.terms)


def _rounding(sizes: Tensor, terms: int) -> Tensor:
    """What roundings can come to in a sum of `terms` products of these `sizes`: the network's and ours, u each."""
    share = (terms + FURTHER) * torch.finfo(sizes.dtype).eps
    return sizes * (share / (1 - share)) + terms * torch.finfo(sizes.dtype).tiny


def _pair(size: int | tuple[int, int]) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else size
