"""Networks for training with interval bounds, and their initial weights."""

import math

import torch
from torch import nn

from advlab.data import CLASSES
from advlab.models import Contrast, striding

#: Grey level at which `Contrast` begins in the networks for a ball of 0.3 and of 0.1: a little beyond what the ball can
#: reach from black. It ends as far below white.
BEYOND, BEYOND_SMALL = 0.32, 0.11


def certifiable_cnn(beyond: float = BEYOND) -> nn.Sequential:
    """Untrained network for training with intervals: two strided convolutions, no pooling; 838,856 parameters.

    Args:
        beyond: the grey level up to which a pixel counts as nearly black, in (0, 0.5); nearly white begins at 1 -
            beyond.

    Raises:
        ValueError: beyond is 0.5 or more, so that black would lie above white.

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
    """`certifiable_cnn` for a ball of 0.1, in which fewer grey levels count as nearly black."""
    return certifiable_cnn(BEYOND_SMALL)


def small_certifiable_cnn() -> nn.Sequential:
    """Half of `certifiable_cnn`, trained in minutes on one core: two strided convolutions of 4x4; 419,546 parameters.

    >>> sum(parameter.numel() for parameter in small_certifiable_cnn().parameters())
    419546
    """
    model = plain_certifiable_cnn()
    model[0] = Contrast(BEYOND, 1 - BEYOND)
    return model


def plain_certifiable_cnn() -> nn.Sequential:
    """`small_certifiable_cnn` for images of any grey level: its first layer is `Normalize`, not `Contrast`."""
    return initialise(striding(16, 64, 128), torch.default_generator)  # type: ignore[return-value]


def initialise(model: nn.Module, generator: torch.Generator) -> nn.Module:
    """Redraw all weights but the last layer's, in place, so that intervals neither grow nor shrink from layer to layer.

    The weights are normal, of standard deviation sqrt(2 pi) / n where an output has n inputs. Biases stay as they are.

    Args:
        model: its `nn.Linear` and `nn.Conv2d` layers are redrawn, all but the last of them.
        generator: draws the weights; on the model's device.

    Returns:
        The model itself.

    Source: Shi et al. 2021 (arXiv 2103.17268), "IBP initialisation".
    """
    layers = [layer for layer in model.modules() if isinstance(layer, nn.Linear | nn.Conv2d)]
    with torch.no_grad():
        for layer in layers[:-1]:
            layer.weight.normal_(0.0, math.sqrt(2 * math.pi) / layer.weight[0].numel(), generator=generator)
    return model
