"""Four ways to run "the same" FGSM on one network, and what each of them really does to the images.

The network is the book's, taken without its normalisation, so that it takes normalised images as the article's does.
All four ways step along the same sign: normalising is a rising function, so the gradient's sign in normalised units is
its sign in pixels. They differ in the unit of epsilon and in where they clamp.
"""

import copy

from torch import Tensor, nn

from advlab.data import MEAN, STD
from advlab.models import Normalize
from advlab.threat import from_normalised

EPSILONS = (0.0, 0.05, 0.1, 0.2, 0.3)
#: Each way: its letter and short name, and how pages describe it.
WAYS = {
    "article": ("A: article", "the article's code: normalised epsilon, clamp to [0, 1] after normalising"),
    "repository": ("B: repository", "its repository: normalised epsilon, clamp to [-2, 2]"),
    "normalised": ("C: normalised", "normalised epsilon, clamped where the normalised pixels end"),
    "pixels": ("D: pixels", "epsilon in pixels, clamp to [0, 1] before normalising"),
}
#: In normalised units: float32 errs by less, and a grey level is ten thousand times as much.
ROUNDING = 1e-6

normalise = Normalize(MEAN, STD)


def without_normalisation(model: nn.Module) -> nn.Module:
    """A copy of the network that takes normalised images."""
    bare = copy.deepcopy(model)
    bare.normalize = nn.Identity()
    return bare


def article(pixels: Tensor, sign: Tensor, epsilon: float) -> Tensor:
    """The result of a step in normalised units and the limits of pixels, which are not those of normalised ones."""
    return ((pixels - MEAN) / STD + epsilon * sign).clamp(0, 1)


def repository(pixels: Tensor, sign: Tensor, epsilon: float) -> Tensor:
    """The result of a step in normalised units and limits that lie far below black and well below white."""
    return ((pixels - MEAN) / STD + epsilon * sign).clamp(-2, 2)


def normalised(pixels: Tensor, sign: Tensor, epsilon: float) -> Tensor:
    """The result of a step in normalised units and normalised black and white as limits."""
    black, white = (0 - MEAN) / STD, (1 - MEAN) / STD
    return ((pixels - MEAN) / STD + epsilon * sign).clamp(black, white)


def in_pixels(pixels: Tensor, sign: Tensor, epsilon: float) -> Tensor:
    """The result of a step in pixels with black and white as limits, then normalised as the first layer does."""
    return ((pixels + epsilon * sign).clamp(0, 1) - MEAN) / STD


def four_ways(pixels: Tensor, sign: Tensor, epsilon: float) -> dict[str, Tensor]:
    """The normalised images that the network sees under each way."""
    return {
        "article": article(pixels, sign, epsilon),
        "repository": repository(pixels, sign, epsilon),
        "normalised": normalised(pixels, sign, epsilon),
        "pixels": in_pixels(pixels, sign, epsilon),
    }


def described(clean: Tensor, without_step: Tensor, seen: Tensor) -> dict[str, float]:
    """How normalised images changed: sizes in pixel units, shares of all pixels.

    Args:
        clean: the images as normalised, nothing else done.
        without_step: what this way makes of them at epsilon 0.
        seen: what it makes of them at the epsilon in question.
    """
    black, white = (0 - MEAN) / STD, (1 - MEAN) / STD
    return {
        "altered": float(((seen - clean).abs() > ROUNDING).float().mean()),
        "moved": float(((seen - without_step).abs() > ROUNDING).float().mean()),
        "outside": float(((seen < black - ROUNDING) | (seen > white + ROUNDING)).float().mean()),
        "largest": from_normalised(float((seen - clean).abs().max())),
    }
