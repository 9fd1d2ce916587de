"""Feature squeezing: fewer grey levels, smoother images. Xu, Evans, Qi, 2018 (arXiv 1704.01155), section III."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from advlab.defenses.preprocessing import Transformation


class BitDepth(Transformation):
    """Rounds each pixel to one of 2**bits grey levels between 0 and 1. Its gradient is zero.

    Args:
        bits: per pixel, 1 to 8. One bit makes black and white, as Xu et al. use for MNIST.

    Raises:
        ValueError: bits are outside 1..8.

    >>> BitDepth(2)(torch.tensor([[[[0.1, 0.4, 0.6, 0.9]]]])).mul(3)
    tensor([[[[0., 1., 2., 3.]]]])
    """

    def __init__(self, bits: int = 1) -> None:
        super().__init__()
        if not 1 <= bits <= 8:
            raise ValueError(f"bits must lie in 1..8, got {bits}")
        self.bits = bits

    def forward(
        self, images: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch channels height width"]:
        """The nearest grey level of each pixel."""
        steps = 2**self.bits - 1
        return (images * steps).round() / steps

    def extra_repr(self) -> str:
        """What `print(model)` shows."""
        return f"bits={self.bits}"


class MedianFilter(Transformation):
    """Replaces each pixel by the median of a square window around it: `scipy.ndimage.median_filter`, with a gradient.

    The image is mirrored beyond its edge. Of an even number of pixels, the upper of the two in the middle is taken, and
    a window of even size reaches one pixel further to the left and upwards. The derivative is one in the pixel that is
    the median and zero in all others.

    Args:
        size: side of the window in pixels, at least 2. Xu et al. use 2 or 3 for MNIST.

    Raises:
        ValueError: size is below 2; at a call, the image is so small that its mirror image does not fill the window.
    """

    differentiable = True

    def __init__(self, size: int = 2) -> None:
        super().__init__()
        if size < 2:
            raise ValueError(f"size must be at least 2: a window of {size} changes nothing")
        self.size = size

    def forward(
        self, images: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch channels height width"]:
        """The filtered images.

        Raises:
            ValueError: the image is so small that its mirror image does not fill the window.
        """
        rows, columns = (self._mirrored(side).to(images.device) for side in images.shape[2:])
        wide = images[:, :, rows][:, :, :, columns]
        windows = wide.unfold(2, self.size, 1).unfold(3, self.size, 1).flatten(4)
        return windows.kthvalue(self.size**2 // 2 + 1, dim=4).values

    def _mirrored(self, side: int) -> Int[Tensor, " positions"]:
        """Row of the image that each row of the enlarged image copies: c b a | a b c | c b a."""
        before = self.size // 2
        if before > side:
            raise ValueError(f"a window of {self.size} pixels is too large for an image of {side}")
        positions = torch.arange(-before, side + self.size - 1 - before)
        positions = torch.where(positions < 0, -1 - positions, positions)
        return torch.where(positions >= side, 2 * side - 1 - positions, positions)

    def extra_repr(self) -> str:
        """What `print(model)` shows."""
        return f"size={self.size}"
