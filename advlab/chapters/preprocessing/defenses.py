"""The preprocessing defenses of the page, each in front of the standard model."""

from __future__ import annotations

import torch

from advlab.defenses.feature_squeezing import BitDepth, MedianFilter
from advlab.defenses.jpeg import Jpeg
from advlab.defenses.preprocessing import Transformation
from advlab.defenses.random_resizing import RandomResizing
from advlab.defenses.total_variation import TotalVariation

#: JPEG's quality; bits of the coarse rounding; the median's window; total variation's weight, number of steps and share
#: of pixels kept; the smallest side of a resized image.
QUALITY, BITS, WINDOW = 75, 3, 3
WEIGHT, ITERATIONS, KEPT = 0.1, 15, 0.5
SMALLEST = 24
NAMES = ("JPEG", "total variation", "3-bit depth", "median filter", "random resizing", "1-bit depth")


def transformation(name: str, seed: int) -> Transformation:
    """The transformation called `name`, applied before the model; `seed` is the seed of its draws, if it has any."""
    generator = torch.Generator().manual_seed(seed)
    if name == "JPEG":
        return Jpeg(QUALITY)
    if name == "total variation":
        return TotalVariation(WEIGHT, steps=ITERATIONS, kept=KEPT, generator=generator)
    if name == "3-bit depth":
        return BitDepth(BITS)
    if name == "median filter":
        return MedianFilter(WINDOW)
    if name == "random resizing":
        return RandomResizing(SMALLEST, generator=generator)
    if name == "1-bit depth":
        return BitDepth(1)
    raise ValueError(f"no defense of this page is called {name!r}; there are {', '.join(NAMES)}")
