"""What attacks of minimum norm share: when an image has crossed the boundary, and the boundary as a hyperplane."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from advlab.attacks.ball import TINY, Norm, lengths
from advlab.attacks.losses import margin

#: A margin below this share of the largest logit may be rounding: in another batch it could have the other sign.
#: Attacks of minimum norm end on the boundary itself, so they ask for a little more than nothing.
ROUNDING = 2e-6


def crossed(
    logits: Float[Tensor, "batch classes"],
    labels: Int[Tensor, " batch"],
    targets: Int[Tensor, " batch"] | None = None,
    confidence: float = 0.0,
) -> Bool[Tensor, " batch"]:
    """Whether another class than the label leads, or the target leads, by more than rounding and `confidence`."""
    least = (ROUNDING * logits.abs().amax(1)).clamp_min(confidence)
    return margin(logits, labels, targets) > least


def linearised(
    model: nn.Module,
    points: Float[Tensor, "batch *shape"],
    labels: Int[Tensor, " batch"],
    others: Int[Tensor, "batch others"],
) -> tuple[Float[Tensor, "batch others"], Float[Tensor, "batch others *shape"]]:
    """How far each of the other classes' logits is above the label's, and the gradient of that difference.

    One forward pass, and one backward pass for each column of `others`.
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
    """Of several hyperplanes `difference + slope · change = 0` the nearest: its difference, slope, and distance.

    The distance of a hyperplane is measured by the dual norm: L1 of the slope for L-infinity, L2 for L2.
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
    """The classes other than the label, the `most` likely of them, best first."""
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
    """The best found so far and its size, replaced by a candidate that is valid and nearer to its image."""
    new = lengths(candidates - images, norm)
    better = valid & (new < sizes)
    return torch.where(better.view(-1, *[1] * (images.ndim - 1)), candidates, found), torch.where(better, new, sizes)
