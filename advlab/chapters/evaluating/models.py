"""Models that look more robust than they are: the standard model behind something that is in an attack's way."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn


def sharpened(model: nn.Module, scale: float) -> nn.Module:
    """The same model with its last linear layer multiplied: every answer stays, since the order of the logits does."""
    sharp = copy.deepcopy(model)
    last = [module for module in sharp.modules() if isinstance(module, nn.Linear)][-1]
    with torch.no_grad():
        for parameter in last.parameters():
            parameter.mul_(scale)
    return sharp


def rounded(images: Tensor, levels: int) -> Tensor:
    """Each pixel at the nearest of so many grey levels between 0 and 1."""
    return (images * (levels - 1)).round() / (levels - 1)


class Rounding(nn.Module):
    """Rounds its input to a few grey levels before the model sees it. The gradient of rounding is zero everywhere."""

    def __init__(self, model: nn.Module, levels: int) -> None:
        super().__init__()
        self.model = model
        self.levels = levels

    def forward(self, images: Tensor) -> Tensor:
        """Logits of the rounded images."""
        logits: Tensor = self.model(rounded(images, self.levels))
        return logits


class Dropping(nn.Module):
    """Blackens a random part of the pixels at every call, in evaluation too.

    Args:
        rate: the chance of each pixel to be blackened, in [0, 1).
        seed: of the generator that all calls draw from, one after another.
    """

    def __init__(self, model: nn.Module, rate: float, seed: int) -> None:
        super().__init__()
        self.model = model
        self.rate = rate
        self.generator = torch.Generator().manual_seed(seed)

    def forward(self, images: Tensor) -> Tensor:
        """Logits of what is left of the images."""
        kept = torch.rand(images.shape, generator=self.generator) >= self.rate
        logits: Tensor = self.model(images * kept.to(images))
        return logits


class Softmaxed(nn.Module):
    """Returns probabilities, where logits are expected."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> Tensor:
        """Probabilities."""
        return torch.softmax(self.model(images), dim=1)
