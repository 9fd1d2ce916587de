"""What attacks of minimum norm share: a test for having crossed the boundary, and the boundary as a hyperplane."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from advlab.attacks.ball import TINY, Norm, lengths
from advlab.attacks.losses import margin

#: A margin below this fraction of the largest logit may be rounding: in another batch its sign could change.
#: Attacks of minimum norm end on the boundary itself, so they require a margin slightly above 0.
ROUNDING = 2e-6


def crossed(
    logits: Float[Tensor, "batch classes"],
    labels: Int[Tensor, " batch"],
    targets: Int[Tensor, " batch"] | None = None,
    confidence: float = 0.0,
) -> Bool[Tensor, " batch"]:
    """Mask of images on which another class than the label leads (or the target leads) by more than rounding.

    Args:
        logits: `[batch, classes]`.
        labels: `[batch]`, the true classes.
        targets: `[batch]`, the class that has to lead; None: any class but the label.
        confidence: the lead that is also required, in units of a logit, 0 or more.

    Source: advlab's own: floating-point sums differ between batches, so a lead within rounding proves nothing.
    """
    least = (ROUNDING * logits.abs().amax(1)).clamp_min(confidence)
    return margin(logits, labels, targets) > least


def linearised(
    model: nn.Module,
    points: Float[Tensor, "batch *shape"],
    labels: Int[Tensor, " batch"],
    others: Int[Tensor, "batch others"],
) -> tuple[Float[Tensor, "batch others"], Float[Tensor, "batch others *shape"]]:
    """Differences between the logits of other classes and of the label, and the gradients of these differences.

    Takes one forward pass, and one backward pass for each column of `others`.

    Args:
        model: takes pixels in [0, 1], returns logits `[batch, classes]`; in evaluation mode.
        points: `[batch, *shape]`, where the model is linearised, in [0, 1].
        labels: `[batch]`, the true classes.
        others: `[batch, others]`, the other classes to compare with the label.

    Returns:
        differences: `[batch, others]`, each other class's logit minus the label's.
        slopes: `[batch, others, *shape]`, the gradients of the differences in the pixels.

    Source: Moosavi-Dezfooli, Fawzi, Frossard 2016 (arXiv 1511.04599), algorithm 2.
    """
    points = points.detach().requires_grad_()
    logits = model(points)
    differences = logits.gather(1, others) - logits.gather(1, labels[:, None])
    columns = differences.sum(0)
    last = others.shape[1] - 1
    slopes = [torch.autograd.grad(one, points, retain_graph=k < last)[0] for k, one in enumerate(columns)]
    return differences.detach(), torch.stack(slopes, dim=1)


def nearest(
    differences: Float[Tensor, "batch others"], slopes: Float[Tensor, "batch others *shape"], norm: Norm
) -> tuple[Float[Tensor, " batch"], Float[Tensor, "batch *shape"], Float[Tensor, " batch"]]:
    """The nearest of several hyperplanes `difference + slope · change = 0`: its difference, slope and distance.

    The distance to a hyperplane divides by the dual norm of its slope: L1 for L-infinity, L2 for L2.

    Args:
        differences: `[batch, others]`, the values at the point.
        slopes: `[batch, others, *shape]`, their gradients in the pixels.
        norm: "Linf" or "L2".

    Returns:
        difference: `[batch]`.
        slope: `[batch, *shape]`.
        distance: `[batch]`, in pixel units, 0 or more.

    Source: Moosavi-Dezfooli, Fawzi, Frossard 2016 (arXiv 1511.04599), algorithm 2; other norms in section 3.3.
    """
    flat = slopes.flatten(2)
    dual = flat.abs().sum(2) if norm == "Linf" else flat.norm(dim=2)
    distances = differences.abs() / dual.clamp_min(TINY)
    least = distances.argmin(1)
    rows = torch.arange(len(least), device=least.device)
    return differences[rows, least], slopes[rows, least], distances[rows, least]


def rivals(
    logits: Float[Tensor, "batch classes"], labels: Int[Tensor, " batch"], most: int
) -> Int[Tensor, "batch others"]:
    """The likeliest classes other than the label, in order of falling logit.

    Args:
        logits: `[batch, classes]`.
        labels: `[batch]`, the true classes.
        most: the largest number of classes to return, at least 1.

    Returns:
        `[batch, others]`, where others is `most` or classes - 1, whichever is smaller.

    Source: advlab's own: a cap on the backward passes, as in the programs of DeepFool's and AutoAttack's authors.
    """
    own = torch.nn.functional.one_hot(labels, logits.shape[1]).bool()
    return logits.masked_fill(own, -torch.inf).topk(min(most, logits.shape[1] - 1)).indices


def shortest(
    found: Float[Tensor, "batch *shape"],
    candidates: Float[Tensor, "batch *shape"],
    images: Float[Tensor, "batch *shape"],
    valid: Bool[Tensor, " batch"],
    sizes: Float[Tensor, " batch"],
    norm: Norm,
) -> tuple[Float[Tensor, "batch *shape"], Float[Tensor, " batch"]]:
    """The best images so far and the sizes of their changes, updated by candidates that are valid and nearer.

    Args:
        found: `[batch, *shape]`, the best images so far.
        candidates: `[batch, *shape]`, the new points.
        images: `[batch, *shape]`, the originals, from which the distance is measured.
        valid: `[batch]`, True where the candidate is a success.
        sizes: `[batch]`, the distances of `found`, in pixel units; infinite where nothing was found yet.
        norm: "Linf" or "L2".

    Returns:
        found: `[batch, *shape]`, the updated images.
        sizes: `[batch]`, their distances.

    Source: advlab's own: bookkeeping that attacks of minimum norm share.
    """
    new = lengths(candidates - images, norm)
    better = valid & (new < sizes)
    return torch.where(better.view(-1, *[1] * (images.ndim - 1)), candidates, found), torch.where(better, new, sizes)
