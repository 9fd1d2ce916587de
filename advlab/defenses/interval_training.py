"""Training for certificates: the worst case that bounds allow joins the loss. Threat model: L-infinity, pixel units.

The mixture of losses and its schedules are Gowal et al., 2018 (arXiv 1810.12715); the regulariser of a short warm-up
is Shi et al., 2021 (arXiv 2103.17268), whose initialisation stands in `advlab.defenses.certifiable`.
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

#: How much of the wish for tight intervals and balanced ReLUs has to be fulfilled until the regulariser is content.
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
    """kappa times the cross-entropy of the images, 1 - kappa times that of the worst logits that bounds allow.

    The second is an upper bound of the cross-entropy under any attack, unless rounding is counted. Batch normalisation
    in training mode takes the clean images' statistics for the bounds as well; dropout acts on the clean images alone.

    Args:
        model: a chain of the layers in `advlab.defenses.chain.KNOWN`, in training mode.
        images: in [0, 1], on the model's device.
        labels: the true classes.
        epsilon: radius of the ball at this step, L-infinity, in pixel units, [0, 1].
        kappa: share of the natural loss at this step, [0, 1]; at 1 no bounds are computed.
        beta: share of CROWN-IBP in the bounds at this step, [0, 1]; the rest is of intervals alone.
        regularised: weight of `imbalance` at this step, not negative; Shi et al. let it fall to 0 as epsilon grows.

    Returns:
        The loss, averaged over the batch.

    Raises:
        ValueError, TypeError: bad input, or a model whose bounds are unknown (`advlab.defenses.chain.chain`).
    """
    check_epsilon(epsilon)
    check_share("kappa", kappa)
    check_share("beta", beta)
    if not 0 <= regularised < math.inf:
        raise ValueError(f"regularised must be a finite weight, not negative, got {regularised}")
    check_images(images, model)
    body, last = chain(model)
    check_classes("labels", labels, images, last.out_features)
    if beta:
        check_body(body)
    natural, clean = None, None
    # At kappa 0 the images' own pass is asked for by batch normalisation alone: a third of the work.
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
    """`first` until `share` of the training reaches `start`, `final` from `end` on, a straight line between.

    Gowal et al. grow epsilon from 0 to its size and let kappa fall from 1 to 1/2 so, after a warm-up on clean images.

    Args:
        share: of the steps done, [0, 1].
        start: where the line begins, [0, 1].
        end: where it ends, [0, 1].
        first: the value before.
        final: the value after.

    Raises:
        ValueError: the line would end before it begins.

    >>> [ramped(share, 0.25, 0.75, 0.0, 0.4) for share in (0.0, 0.25, 0.5, 1.0)]
    [0.0, 0.0, 0.2, 0.4]
    """
    if not 0 <= start <= end <= 1:
        raise ValueError(f"a ramp needs 0 <= start <= end <= 1, got {start} and {end}")
    if share >= end:
        return final
    return first if share <= start else first + (final - first) * (share - start) / (end - start)


def imbalance(body: list[nn.Module], entering: list[Interval]) -> Float[Tensor, ""]:
    """How far intervals have grown on their way to each ReLU, and how unevenly its numbers are on and off.

    The regularisation of Shi et al. in the warm-up: the mean width may double until a ReLU; means and
    variances of what is surely on and surely off may differ by a factor of two. What is beyond costs, 1 at most each.

    Args:
        body: the layers.
        entering: what can enter each of them (`intervals`), and the last.

    Raises:
        ValueError: there is no ReLU.
    """
    weighty = [number for number, layer in enumerate(body) if isinstance(layer, nn.Linear | nn.Conv2d)]
    relus = [number for number, layer in enumerate(body) if isinstance(layer, nn.ReLU)]
    if not weighty or not relus:
        raise ValueError("the regulariser needs a network with ReLUs: there is none before the last layer")
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
    """0 from `TOLERANCE` on, 1 at 0."""
    return F.relu(TOLERANCE - ratio) / TOLERANCE
