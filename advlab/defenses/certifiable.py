"""Networks to be trained with interval bounds, and the weights that they begin with."""

import math

import torch
from torch import nn

from advlab.data import CLASSES, MEAN, STD
from advlab.models import Normalize, striding


def certifiable_cnn() -> nn.Sequential:
    """A small network to be trained with intervals: two convolutions that stride, no pooling; 838,856 parameters.

    >>> sum(parameter.numel() for parameter in certifiable_cnn().parameters())
    838856
    """
    model = nn.Sequential(
        Normalize(MEAN, STD),
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


def small_certifiable_cnn() -> nn.Sequential:
    """Half of that, for a training of minutes on one core: two convolutions of 4x4 that stride; 419,546 parameters.

    >>> sum(parameter.numel() for parameter in small_certifiable_cnn().parameters())
    419546
    """
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
