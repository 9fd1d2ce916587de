"""advlab: attacks on image classifiers and defenses against them, measured on MNIST."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

import advlab.engine.cache.source as _source  # noqa: F401  (first: it must read the source before any of it can be edited and run)

if TYPE_CHECKING:
    from torch import nn

__version__ = version("advlab")
__all__ = ["trained"]


def trained(name: str = "standard", seed: int = 0) -> nn.Module:
    """Return a trained model of the book, in evaluation mode; if the store lacks it, train it first (minutes).

    Args:
        name: "standard" (SimpleCNN trained on clean images), "robust" (trained against PGD at epsilon 0.3), or another
            key of `advlab.zoo.NAMED`.
        seed: sets the initial weights, the order of the images and dropout.

    Raises:
        ValueError: the book has no model of that name, `ADVLAB_PROFILE` names no profile, or `ADVLAB_DEVICE` names a
            device that cannot be used.
        SourceChanged: the source was edited during the training.

    Source: advlab's own: the models that its pages measure.
    """
    from advlab import zoo  # imported here: torch takes seconds to load, and the site's plugin does not need it
    from advlab.engine.cache import profile

    return zoo.trained(zoo.for_profile(zoo.by_name(name), profile.current()), seed)
