"""Networks to be trained with interval bounds, and the weights that they begin with."""

import math

import torch
from torch import nn

from advlab.data import CLASSES
from advlab.models import Contrast, striding

#: Where `Contrast` of the networks for a ball of 0.3 and of 0.1 begins: a little beyond what the ball can reach from
#: black. It ends as far below white.
BEYOND, BEYOND_SMALL = 0.32, 0.11


def certifiable_cnn(beyond: float = BEYOND) -> nn.Sequential:
    """A network to be trained with intervals: two convolutions that stride, no pooling; 838,856 parameters.

    Args:
        beyond: the grey level up to which pixels count as nearly black, (0, 0.5).

    >>> sum(parameter.numel() for parameter in certifiable_cnn().parameters())
    838856
    """
    model = nn.Sequential(
        Contrast(beyond, 1 - beyond),
        nn.Conv2d(1, 32, kernel_size=5, stride=2, padding=2),
        nn.ReLU(),
        nn.Conv2d(32, 64, kernel_size=5, stride=2, padding=2),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(64 * 7 * 7, 250),
        nn.ReLU(),
        nn.Linear(250, CLASSES),
    )
    return initialise(model, torch.default_generator)  # type: ignore[return-value]


def certifiable_cnn_small_ball() -> nn.Sequential:
    """`certifiable_cnn` for a ball of 0.1: fewer grey levels count as nearly black."""
    return certifiable_cnn(BEYOND_SMALL)


def small_certifiable_cnn() -> nn.Sequential:
    """Half of that, for a training of minutes on one core: two convolutions of 4x4 that stride; 419,546 parameters.

    >>> sum(parameter.numel() for parameter in small_certifiable_cnn().parameters())
    419546
    """
    model = plain_certifiable_cnn()
    model[0] = Contrast(BEYOND, 1 - BEYOND)
    return model


def plain_certifiable_cnn() -> nn.Sequential:
    """`small_certifiable_cnn` without what it owes to black and white: it normalises, as networks do."""
    return initialise(striding(16, 64, 128), torch.default_generator)  # type: ignore[return-value]


def initialise(model: nn.Module, generator: torch.Generator) -> nn.Module:
    """Draws all weights but the last layer's anew, so that intervals neither grow nor shrink on their way; in place.

    The "IBP initialisation" of Shi et al., 2021 (arXiv 2103.17268): normal, of standard deviation sqrt(2 pi) / n where
    an output has n inputs.

    Returns:
        The model itself.
    """
    layers = [layer for layer in model.modules() if isinstance(layer, nn.Linear | nn.Conv2d)]
    with torch.no_grad():
        for layer in layers[:-1]:
            layer.weight.normal_(0.0, math.sqrt(2 * math.pi) / layer.weight[0].numel(), generator=generator)
    return model
