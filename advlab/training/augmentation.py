"""Training images drawn anew in each pass, so that a network cannot learn them by heart.

Robust networks overfit long before they are as good as they could be (Rice, Wong, Kolter, 2020, arXiv 2002.11569);
augmentation is one remedy (Rebuffi et al., 2021, arXiv 2111.05328). Here it is what a hand does from one digit to the
next: it turns a little, writes larger or smaller, and begins elsewhere.
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

#: By how much at most: degrees, share of the size, pixels.
ROTATION, SCALE, SHIFT = 10.0, 0.1, 1.0
#: Interpolation blurs, and grey pixels are what an attacker can move: the contrast round middle grey is restored.
CONTRAST = 1.4


def redrawn(images: Float[Tensor, "batch 1 side side"]) -> Float[Tensor, "batch 1 side side"]:
    """Each image turned, scaled and moved at random, by at most `ROTATION`, `SCALE` and `SHIFT`; in [0, 1].

    torch's global generator draws, as in all that perturbs in training: a training seeds it.

    Args:
        images: square pictures in [0, 1], black where nothing is.
    """
    angles, factors, across, down = (2 * torch.rand(4, len(images), device=images.device) - 1).to(images.dtype)
    warped = warp(images, ROTATION * angles, 1 + SCALE * factors, SHIFT * across, SHIFT * down)
    return ((warped - 0.5) * CONTRAST + 0.5).clamp(0, 1)


def nudged(images: Float[Tensor, "batch 1 side side"]) -> Float[Tensor, "batch 1 side side"]:
    """Each image moved at random by a whole pixel or none, across and down: no grey level changes.

    For trainings whose proofs depend on each grey pixel. torch's global generator draws.

    Args:
        images: square pictures, black where nothing is.
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
    """Each image turned about its middle, enlarged, then moved; between pixels linearly, black where nothing was.

    Args:
        images: square pictures.
        angles: counter-clockwise, in degrees.
        factors: above 1 enlarges.
        across: to the right, in pixels.
        down: downwards, in pixels.
    """
    radians, unit = angles * (math.pi / 180), 2 / images.shape[-1]  # a pixel, where the picture is two wide
    cosine, sine = radians.cos() / factors, radians.sin() / factors
    # The grid asks of each place of the result where it came from: everything the other way round.
    right, below = across * unit, down * unit
    rows = (
        torch.stack([cosine, -sine, -(cosine * right - sine * below)], dim=1),
        torch.stack([sine, cosine, -(sine * right + cosine * below)], dim=1),
    )
    grid = F.affine_grid(torch.stack(rows, dim=1), list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, align_corners=False)
