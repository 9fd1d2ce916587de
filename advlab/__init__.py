"""advlab: how image classifiers are attacked and defended, measured on MNIST."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

import advlab.engine.cache.source as _source  # noqa: F401  (first of all: it reads the source before any of it can be edited and run)

if TYPE_CHECKING:
    from torch import nn

__version__ = version("advlab")
__all__ = ["trained"]


def trained(name: str = "standard", seed: int = 0) -> nn.Module:
    """A trained model of the book, in evaluation mode; trained now (minutes) if the store does not hold it.

    Args:
        name: "standard", SimpleCNN trained on clean images, or "robust", trained against PGD at epsilon 0.3; other
            names are the keys of `advlab.zoo.NAMED`.
        seed: sets the weights, the order of the images and dropout.

    Raises:
        ValueError: the book has no model of that name, or `ADVLAB_PROFILE` names no profile.

    Source: advlab's own: the models that its pages measure.
    """
    from advlab import zoo  # here: importing torch takes seconds, and the site's plugin does without
    from advlab.engine.cache import profile

    return zoo.trained(zoo.for_profile(zoo.by_name(name), profile.current()), seed)
