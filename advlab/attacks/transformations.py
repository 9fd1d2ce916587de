"""Pastes a small picture into images, rotated and scaled, differentiably (Athalye et al. 2018, arXiv 1707.07397)."""

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

Shape = Literal["circle", "square"]

#: Defaults of training and testing a patch: rotation by up to an eighth of a turn either way, scale within a fifth.
ANGLE = 45.0
SCALES = (0.8, 1.2)


@dataclass(frozen=True)
class Placements:
    """Where a patch lies in each image: its centre in pixels from the upper left corner, its angle, its scale.

    The centre of the pixel in the corner is at (0.5, 0.5).

    Args:
        rows: `[batch]`, distance of the centre from the upper edge, in pixels.
        columns: `[batch]`, distance of the centre from the left edge, in pixels.
        angles: `[batch]`, counter-clockwise, in degrees.
        scales: `[batch]`, above 0; 1 is the patch's own size.
    """

    rows: Float[Tensor, " batch"]
    columns: Float[Tensor, " batch"]
    angles: Float[Tensor, " batch"]
    scales: Float[Tensor, " batch"]


def random_placements(
    n: int,
    image_size: tuple[int, int],
    patch_size: int,
    *,
    generator: torch.Generator,
    shape: Shape = "circle",
    angle: float = ANGLE,
    scales: tuple[float, float] = SCALES,
) -> Placements:
    """Random placements: uniform in scale, in angle, and in place among those that keep the patch inside the image.

    Args:
        n: number of placements, at least 1.
        image_size: height and width of the images, in pixels.
        patch_size: side of the patch at scale 1, in pixels, at least 1.
        generator: source of the random numbers, on the CPU.
        shape: "circle" or "square": the part of the patch that has to fit.
        angle: the largest rotation either way, in degrees, 0 or more.
        scales: the smallest and the largest scale, 0 < low <= high.

    Raises:
        ValueError: the scales are not 0 < low <= high, the angle is negative, `patch_size` is below 1, or the patch,
            scaled and rotated, does not fit into the image.

    Source: Brown et al. 2017 (arXiv 1712.09665), after Athalye et al. 2018 (arXiv 1707.07397).
    """
    if not 0 < scales[0] <= scales[1] or angle < 0 or patch_size < 1:
        raise ValueError(
            f"scales must be 0 < low <= high, angle >= 0 and patch_size >= 1; got {scales}, {angle}, {patch_size}"
        )
    coins = torch.rand(4, n, generator=generator)
    angles = (2 * coins[0] - 1) * angle
    sizes = scales[0] + (scales[1] - scales[0]) * coins[1]
    turned = angles.deg2rad()
    reach = turned.cos().abs() + turned.sin().abs() if shape == "square" else torch.ones(n)
    half = patch_size * sizes * reach / 2
    height, width = image_size
    if 2 * float(half.max()) > min(height, width):
        raise ValueError(f"patch_size {patch_size}, scaled and rotated, does not fit into {height} by {width} pixels")
    return Placements(half + (height - 2 * half) * coins[2], half + (width - 2 * half) * coins[3], angles, sizes)


def apply_patch(
    images: Float[Tensor, "batch channels height width"],
    patch: Float[Tensor, "own_channels own_height own_width"],
    placements: Placements,
    *,
    shape: Shape = "circle",
) -> Float[Tensor, "batch channels height width"]:
    """Images with the patch pasted in; differentiable in the patch. Pixels that are not covered stay exactly the same.

    A pixel is covered when its centre is: it gets the patch's colour there, interpolated linearly and clipped to [0,
    1]. A circle leaves out the corners of the patch.

    Args:
        images: `[batch, channels, height, width]`, in [0, 1].
        patch: `[channels, size, size]`, in [0, 1].
        placements: one for each image.
        shape: "circle" or "square": the part of the patch that is pasted.

    Raises:
        ValueError: the patch is not square, or its number of channels differs from the images'.

    Source: Brown et al. 2017 (arXiv 1712.09665), after Athalye et al. 2018 (arXiv 1707.07397).
    """
    channels, size, other = patch.shape
    if size != other or channels != images.shape[1]:
        raise ValueError(f"patch must be [{images.shape[1]}, size, size] for these images, got {list(patch.shape)}")
    n, _, height, width = images.shape
    where = _in_patch(placements, size, (height, width)).to(images)
    inside = where.norm(dim=-1) < 1 if shape == "circle" else where.abs().amax(-1) < 1
    # Beyond the centres of its outermost pixels the patch is extended by their colour, so that no other is mixed in.
    pasted = F.grid_sample(patch.expand(n, -1, -1, -1), where, padding_mode="border", align_corners=False)
    return torch.where(inside[:, None], pasted.clamp(0, 1), images)


def _in_patch(placements: Placements, size: int, image_size: tuple[int, int]) -> Float[Tensor, "batch height width 2"]:
    """Coordinates (x, y) in the patch of each pixel's centre, from -1 to 1 between the patch's edges."""
    height, width = image_size
    down = torch.arange(height) + 0.5 - placements.rows[:, None]
    right = torch.arange(width) + 0.5 - placements.columns[:, None]
    down, right = down[:, :, None], right[:, None, :]
    turned = placements.angles.deg2rad()[:, None, None]
    unit = (placements.scales * size / 2)[:, None, None]
    x = (right * turned.cos() - down * turned.sin()) / unit
    y = (right * turned.sin() + down * turned.cos()) / unit
    return torch.stack([x, y], dim=-1)
