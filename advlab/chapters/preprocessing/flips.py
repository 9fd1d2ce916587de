"""A search against rounding to black and white: which of the pixels that can cross the middle should do so?

Behind one-bit rounding the model sees only which pixels lie above one half. A change of at most epsilon flips the
pixels that lie within epsilon of one half, and no others. So the attacker's choices are the subsets of those pixels,
and nothing else matters.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from advlab.attacks.losses import margin
from advlab.models.inference import CHUNK
from advlab.models.rewriting import for_attacks

HALF = 0.5


def crossing(images: Float[Tensor, "batch *shape"], epsilon: float) -> Bool[Tensor, "batch *shape"]:
    """Mask of pixels that a change of at most epsilon can carry across one half; exactly one half is rounded down."""
    over = images > HALF
    return torch.where(over, images - epsilon <= HALF, images + epsilon > HALF)


def rounded(images: Float[Tensor, "batch *shape"]) -> Float[Tensor, "batch *shape"]:
    """The images in black and white, as `advlab.defenses.BitDepth(1)` makes them."""
    return (images > HALF).to(images)


def flipped(
    model: nn.Module,
    images: Float[Tensor, "batch *shape"],
    labels: Int[Tensor, " batch"],
    epsilon: float,
    *,
    start: Float[Tensor, "batch *shape"],
    candidates: int,
    flips: int,
) -> Float[Tensor, "batch *shape"]:
    """Images attacked by a greedy search, led by the gradient: pixels flip one at a time where that narrows the margin.

    Args:
        model: sees black and white images.
        images: in [0, 1], clean.
        labels: the true classes.
        epsilon: in pixel units.
        start: within epsilon of the images, for instance what another attack found.
        candidates: pixels tried for each flip, those where the gradient promises most.
        flips: the most flips for each image.

    Returns:
        Images within epsilon, with the pixels of the best set found just across one half and all others unchanged.
    """
    fast = for_attacks(model)
    parts = zip(*(of.split(CHUNK) for of in (images, labels, start)), strict=True)
    return torch.cat([_searched(fast, x, y, epsilon, s, candidates, flips) for x, y, s in parts])


def _searched(
    model: nn.Module, images: Tensor, labels: Tensor, epsilon: float, start: Tensor, candidates: int, flips: int
) -> Tensor:
    seen, movable = rounded(start), crossing(images, epsilon).flatten(1)
    with torch.no_grad():
        lead = margin(model(seen), labels)
    going = (lead <= 0).nonzero().squeeze(1)
    for _ in range(flips):
        if len(going) == 0:
            break
        here = seen[going].requires_grad_()
        (gradient,) = torch.autograd.grad(margin(model(here), labels[going]).sum(), here)
        # To first order a flip changes the margin by the derivative, upwards from black and downwards from white.
        gain = (gradient * (1 - 2 * here.detach())).flatten(1).masked_fill(~movable[going], -torch.inf)
        places = gain.topk(min(candidates, gain.shape[1]), dim=1).indices
        allowed = movable[going].gather(1, places)
        tried = here.detach().flatten(1)[:, None].repeat(1, places.shape[1], 1)
        tried.scatter_(2, places[..., None], 1 - tried.gather(2, places[..., None]))
        with torch.no_grad():
            flat = tried.view(-1, *images.shape[1:])
            reached = margin(model(flat), labels[going].repeat_interleave(places.shape[1])).view(len(going), -1)
        best, which = reached.masked_fill(~allowed, -torch.inf).max(dim=1)
        better = best > lead[going]
        chosen = going[better]
        seen[chosen] = tried[better, which[better]].view(-1, *images.shape[1:])
        lead[chosen] = best[better]
        going = chosen[lead[chosen] <= 0]
    return carried(images, seen, epsilon)


def carried(
    images: Float[Tensor, "batch *shape"], wanted: Float[Tensor, "batch *shape"], epsilon: float
) -> Float[Tensor, "batch *shape"]:
    """The images with every pixel on the wanted side of one half, moved by epsilon where it was on the other."""
    moved = torch.where(wanted > HALF, images + epsilon, images - epsilon).clamp(0, 1)
    return torch.where(rounded(images) == wanted, images, moved)
