"""JPEG compression before the model: Guo et al., 2018 (arXiv 1711.00117), section 4, among others; attacked by BPDA."""

from io import BytesIO

import numpy as np
import torch
from jaxtyping import Float, UInt8
from numpy import ndarray
from PIL import Image
from torch import Tensor

from advlab.defenses.preprocessing import Transformation


class Jpeg(Transformation):
    """Compresses each image to JPEG and decodes it again, with Pillow.

    The output is a step function of the input, so its gradient is zero, as that of rounding is.

    Args:
        quality: Pillow's, 1 (smallest file) to 100; 75 is the default of Pillow and of Guo et al.

    Raises:
        ValueError: quality is outside 1..100; at a call, the images have neither 1 nor 3 channels.
    """

    def __init__(self, quality: int = 75) -> None:
        super().__init__()
        if not 1 <= quality <= 100:
            raise ValueError(f"quality must lie in 1..100, got {quality}")
        self.quality = quality

    def forward(
        self, images: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch channels height width"]:
        """The decoded images; multiples of 1/255.

        Raises:
            ValueError: the images have neither 1 nor 3 channels.
        """
        if images.shape[1] not in (1, 3):
            raise ValueError(f"JPEG takes grey or colour images, 1 or 3 channels; got {images.shape[1]}")
        pictures = (images.detach() * 255).round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
        decoded = np.stack([self._written_and_read(picture) for picture in pictures])
        result = torch.from_numpy(decoded).permute(0, 3, 1, 2).to(images) / 255
        return result + 0 * images  # so that autograd finds a gradient, which is zero

    def _written_and_read(
        self, picture: UInt8[ndarray, "height width channels"]
    ) -> UInt8[ndarray, "height width channels"]:
        file = BytesIO()
        Image.fromarray(picture[..., 0] if picture.shape[2] == 1 else picture).save(file, "JPEG", quality=self.quality)
        return np.asarray(Image.open(file)).reshape(picture.shape)

    def extra_repr(self) -> str:
        """What `print(model)` shows."""
        return f"quality={self.quality}"
