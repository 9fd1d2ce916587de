"""A layer that rounds images to a few grey levels: the simplest defense that hides the gradient."""

from __future__ import annotations

from torch import Tensor, nn


class Rounding(nn.Module):
    """Rounds images to a few grey levels before a model sees them. The gradient of rounding is zero everywhere."""

    def __init__(self, levels: int) -> None:
        super().__init__()
        self.levels = levels

    def forward(self, images: Tensor) -> Tensor:
        """The rounded images."""
        return rounded(images, self.levels)


def rounded(images: Tensor, levels: int) -> Tensor:
    """The images with each pixel at the nearest of `levels` grey levels between 0 and 1."""
    return (images * (levels - 1)).round() / (levels - 1)
