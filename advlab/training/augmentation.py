"""Random changes of training images in each pass, so that a network cannot memorise them.

Robust networks overfit long before they are as good as they could be (Rice, Wong, Kolter 2020, arXiv 2002.11569);
augmentation is one remedy (Rebuffi et al. 2021, arXiv 2111.05328). The changes here are those of handwriting from one
digit to the next: a small rotation, another size, another place.
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

#: The largest changes: degrees, fraction of the size, pixels.
ROTATION, SCALE, SHIFT = 10.0, 0.1, 1.0
#: Restores the contrast around middle grey: interpolation blurs, and attackers profit from grey pixels.
CONTRAST = 1.4


def redrawn(images: Float[Tensor, "batch 1 side side"]) -> Float[Tensor, "batch 1 side side"]:
    """Images rotated, scaled and shifted at random, by at most `ROTATION`, `SCALE` and `SHIFT`; in [0, 1].

    torch's global generator draws, as in every perturbation of training; the training seeds it.

    Args:
        images: `[batch, 1, side, side]`, in [0, 1], with a black background.

    Source: Rebuffi et al. 2021 (arXiv 2111.05328) for augmentation; these changes are advlab's own choice.
    """
    angles, factors, across, down = (2 * torch.rand(4, len(images), device=images.device) - 1).to(images.dtype)
    warped = warp(images, ROTATION * angles, 1 + SCALE * factors, SHIFT * across, SHIFT * down)
    return ((warped - 0.5) * CONTRAST + 0.5).clamp(0, 1)


def nudged(images: Float[Tensor, "batch 1 side side"]) -> Float[Tensor, "batch 1 side side"]:
    """Images shifted at random by one whole pixel or none, across and down; no grey level changes.

    For trainings whose proofs depend on each grey pixel. torch's global generator draws.

    Args:
        images: `[batch, 1, side, side]`, with a black background.

    Source: Rebuffi et al. 2021 (arXiv 2111.05328) for augmentation; this change is advlab's own choice.
    """
    count, side = len(images), images.shape[-1]
    padded = F.pad(images, (1, 1, 1, 1)).squeeze(1)
    down, across = torch.randint(0, 3, (2, count, 1), device=images.device)
    places = torch.arange(side, device=images.device)
    each = torch.arange(count, device=images.device)[:, None, None]
    return padded[each, (down + places)[:, :, None], (across + places)[:, None, :]].unsqueeze(1)


def warp(
    images: Float[Tensor, "batch 1 side side"],
    angles: Float[Tensor, " batch"],
    factors: Float[Tensor, " batch"],
    across: Float[Tensor, " batch"],
    down: Float[Tensor, " batch"],
) -> Float[Tensor, "batch 1 side side"]:
    """Images rotated about their centres, scaled, then shifted; interpolated linearly, black beyond the edge.

    Args:
        images: `[batch, 1, side, side]`, in [0, 1].
        angles: `[batch]`, counter-clockwise, in degrees.
        factors: `[batch]`, above 0; a factor above 1 enlarges.
        across: `[batch]`, shifts to the right, in pixels.
        down: `[batch]`, shifts downwards, in pixels.

    Source: advlab's own: an affine map, sampled by torch's `grid_sample`.
    """
    radians, unit = angles * (math.pi / 180), 2 / images.shape[-1]  # a pixel, if the image is 2 wide
    cosine, sine = radians.cos() / factors, radians.sin() / factors
    # The grid holds for each place of the result its place in the original: so the inverse map.
    right, below = across * unit, down * unit
    rows = (
        torch.stack([cosine, -sine, -(cosine * right - sine * below)], dim=1),
        torch.stack([sine, cosine, -(sine * right + cosine * below)], dim=1),
    )
    grid = F.affine_grid(torch.stack(rows, dim=1), list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, align_corners=False)
