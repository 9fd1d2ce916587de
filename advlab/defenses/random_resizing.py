"""Random resizing and padding before the model: Xie et al., 2018 (arXiv 1711.01991), section 3; attacked by EOT."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from advlab.defenses.preprocessing import Transformation


class RandomResizing(Transformation):
    """Shrinks each image to a random size and places it at random on a black image of the original size.

    Xie et al. enlarge the image, by nearest neighbours, and give it to a network of larger input; a network of one
    input size needs the original size. Interpolation is bilinear, as `F.interpolate`; each image has its own size and
    place.

    Args:
        smallest: least side of the shrunk image, in pixels, at least 1; the largest is the image's own side.
        generator: draws sizes and places, on the CPU; the same state gives the same images.

    Raises:
        ValueError: smallest is below 1; at a call, the images are not square or their side is below smallest.

    Source: Xie et al. 2018 (arXiv 1711.01991), section 3.
    """

    differentiable = True
    random = True

    def __init__(self, smallest: int, *, generator: torch.Generator) -> None:
        super().__init__()
        if smallest < 1:
            raise ValueError(f"smallest must be at least 1 pixel, got {smallest}")
        self.smallest = smallest
        self.generator = generator

    def forward(
        self, images: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch channels height width"]:
        """The shrunk images on black, of the original shape.

        Raises:
            ValueError: the images are not square, or their side is below `smallest`.
        """
        n, _, height, side = images.shape
        if height != side or side < self.smallest:
            raise ValueError(f"needs square images of at least {self.smallest} pixels a side, got {height} by {side}")
        sizes = torch.randint(self.smallest, side + 1, (n,), generator=self.generator)
        corners = (torch.rand(n, 2, generator=self.generator) * (side - sizes + 1)[:, None]).long()
        return placed(images, sizes.to(images.device), corners.to(images.device))

    def extra_repr(self) -> str:
        """What `print(model)` shows."""
        return f"smallest={self.smallest}"


def placed(
    images: Float[Tensor, "batch channels side side"], sizes: Tensor, corners: Tensor
) -> Float[Tensor, "batch channels side side"]:
    """Square images shrunk to the given sizes and placed on black.

    The centre of pixel r of a shrunk image, at (r + 1/2) / size, shows the same relative position of the original.

    Args:
        images: [batch, channels, side, side], in [0, 1].
        sizes: [batch], the side of each shrunk image, in whole pixels, 1..side; on the images' device.
        corners: [batch, 2], row and column of its upper left corner, in whole pixels; on the images' device.

    Returns:
        Images of the same shape, in [0, 1].

    Source: Xie et al. 2018 (arXiv 1711.01991), section 3, in the original size.
    """
    side = images.shape[3]
    offsets = torch.arange(side, device=images.device) - corners[..., None]  # [batch, 2, side]
    inside = (offsets >= 0) & (offsets < sizes[:, None, None])
    shares = (2 * (offsets + 0.5) / sizes[:, None, None] - 1).to(images)
    rows, columns = shares.unbind(1)
    grid = torch.stack([columns[:, None, :].expand(-1, side, -1), rows[:, :, None].expand(-1, -1, side)], dim=3)
    sampled = F.grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=False)
    return sampled * (inside[:, 0, :, None] & inside[:, 1, None, :])[:, None]
