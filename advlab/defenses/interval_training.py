"""Training for certificates: the worst case within bounds is part of the loss. Threat model: L-infinity, pixel units.

The mixture of losses and its schedules are Gowal et al., 2018 (arXiv 1810.12715); the regulariser of a short warm-up is
Shi et al., 2021 (arXiv 2103.17268), whose initialisation is `advlab.defenses.certifiable.initialise`.
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from advlab.attacks.input_checks import check_classes, check_epsilon, check_images, check_share
from advlab.defenses.chain import chain
from advlab.defenses.crown_ibp import check_body, mixed
from advlab.defenses.intervals import Interval, intervals

#: A ratio of at least this costs nothing: of interval widths at the start and at a ReLU, of active to inactive units.
TOLERANCE = 0.5
#: Below this a mean counts as 0.
TINY = 1e-12


def certified_loss(
    model: nn.Module,
    images: Float[Tensor, "batch *shape"],
    labels: Int[Tensor, " batch"],
    epsilon: float,
    kappa: float,
    *,
    beta: float = 0.0,
    regularised: float = 0.0,
) -> Float[Tensor, ""]:
    """kappa times the cross-entropy on the images, plus 1 - kappa times that on the worst logits within the bounds.

    The second term is an upper bound of the cross-entropy under any attack, apart from rounding. Batch normalisation in
    training mode uses the clean images' statistics for the bounds too; dropout acts on the clean images alone.

    Args:
        model: a chain of the layers in `advlab.defenses.chain.KNOWN`, in training mode.
        images: [batch, *shape], in [0, 1], on the model's device.
        labels: [batch], the true classes.
        epsilon: radius of the L-infinity ball at this step, in pixel units, in [0, 1].
        kappa: weight of the clean loss at this step, in [0, 1]; at 1, without regulariser, no bounds are computed.
        beta: weight of CROWN-IBP in the bounds at this step, in [0, 1]; the rest is intervals alone.
        regularised: weight of `imbalance` at this step, at least 0; Shi et al. let it fall to 0 as epsilon grows.

    Returns:
        The loss, averaged over the batch; differentiable in the parameters.

    Raises:
        TypeError: epsilon is not a number; images or labels are not tensors of the right dtype.
        ValueError: epsilon, kappa or beta is outside [0, 1]; regularised is negative or not finite; images are empty,
            not finite or outside [0, 1]; labels do not fit the images or the classes; the model holds a layer whose
            bounds are unknown (`advlab.defenses.chain.chain`, with beta also `advlab.defenses.crown_ibp.check_body`),
            or with regularised has no ReLU.

    Source: Gowal et al. 2018 (arXiv 1810.12715); beta is Zhang et al. 2020 (arXiv 1906.06316), section 3.
    """
    check_epsilon(epsilon)
    check_share("kappa", kappa)
    check_share("beta", beta)
    if not 0 <= regularised < math.inf:
        raise ValueError(f"regularised must be a finite weight of at least 0, got {regularised}")
    check_images(images, model)
    body, last = chain(model)
    check_classes("labels", labels, images, last.out_features)
    if beta:
        check_body(body)
    natural, clean = None, None
    # At kappa 0 only batch normalisation needs the pass of the clean images: a third of the work.
    if kappa or any(isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d) for layer in body):
        clean = [images]
        for layer in body:
            clean.append(layer(clean[-1]))
        natural = F.cross_entropy(last(clean[-1]), labels.long())
        if kappa == 1 and regularised == 0:
            return natural
    entering = intervals(body, images, epsilon, outward=False, clean=clean)
    worst = F.cross_entropy(-mixed(body, last, entering, labels, beta, clean), labels.long())
    loss = worst if natural is None else kappa * natural + (1 - kappa) * worst
    return loss + regularised * imbalance(body, entering) if regularised else loss


def ramped(share: float, start: float, end: float, first: float, final: float) -> float:
    """Value of a schedule: `first` until `start`, `final` from `end` on, a straight line between.

    Gowal et al. use it, after a warm-up on clean images, to raise epsilon from 0 to its full size and to lower kappa
    from 1 to 1/2.

    Args:
        share: the fraction of the training steps that is done, in [0, 1].
        start: the fraction at which the line begins, in [0, 1].
        end: the fraction at which it ends, in [start, 1].
        first: the value before the line.
        final: the value after it.

    Raises:
        ValueError: not 0 <= start <= end <= 1.

    Source: Gowal et al. 2018 (arXiv 1810.12715).

    >>> [ramped(share, 0.25, 0.75, 0.0, 0.4) for share in (0.0, 0.25, 0.5, 1.0)]
    [0.0, 0.0, 0.2, 0.4]
    """
    if not 0 <= start <= end <= 1:
        raise ValueError(f"start and end must satisfy 0 <= start <= end <= 1, got {start} and {end}")
    if share >= end:
        return final
    return first if share <= start else first + (final - first) * (share - start) / (end - start)


def imbalance(body: list[nn.Module], entering: list[Interval]) -> Float[Tensor, ""]:
    """Penalty on intervals that grow on their way to each ReLU, and on uneven numbers of active and inactive units.

    The mean width may double between the first weighted layer and a ReLU; means and variances over the units that are
    surely active and surely inactive may differ by a factor of two. What exceeds this costs, at most 1 per term.

    Args:
        body: all layers but the last, as `advlab.defenses.chain.chain` returns them.
        entering: for each layer of the body and for the last, the interval of its input (`intervals`).

    Returns:
        The penalty, at least 0, averaged over the ReLUs; differentiable in the parameters.

    Raises:
        ValueError: no layer of the body has weights, or none is a ReLU.

    Source: Shi et al. 2021 (arXiv 2103.17268), the regularisation of the warm-up.
    """
    weighty = [number for number, layer in enumerate(body) if isinstance(layer, nn.Linear | nn.Conv2d)]
    relus = [number for number, layer in enumerate(body) if isinstance(layer, nn.ReLU)]
    if not weighty or not relus:
        raise ValueError("the regulariser needs a network with ReLUs and weights before its last layer: one is missing")
    at_first = entering[weighty[0]].radius.mean()
    costs = []
    for number in relus:
        interval, center = entering[number], entering[number].center
        costs.append(_lacking(at_first / interval.radius.mean().clamp_min(TINY)))
        on, off = interval.lower > 0, interval.upper < 0
        if on.any() and off.any():
            around = (center - center.mean()).square()
            costs.append(_uneven((center * on).mean(), -(center * off).mean()))
            costs.append(_uneven(around[on].sum(), around[off].sum()))
    return torch.stack(costs).sum() / len(relus)


def _uneven(one: Tensor, other: Tensor) -> Tensor:
    ratio = one.clamp_min(TINY) / other.clamp_min(TINY)
    return _lacking(torch.minimum(ratio, 1 / ratio))


def _lacking(ratio: Tensor) -> Tensor:
    """Penalty of a ratio: 0 from `TOLERANCE` on, 1 at 0."""
    return F.relu(TOLERANCE - ratio) / TOLERANCE
