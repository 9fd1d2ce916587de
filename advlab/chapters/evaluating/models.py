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


class Dropping(nn.Module):
    """Blackens a random part of the pixels at every call, in evaluation too.

    Args:
        rate: the chance of each pixel to be blackened, in [0, 1).
        seed: of the generator that all calls draw from, one after another.
    """

    def __init__(self, rate: float, seed: int) -> None:
        super().__init__()
        self.rate = rate
        self.generator = torch.Generator().manual_seed(seed)

    def forward(self, images: Tensor) -> Tensor:
        """What is left of the images."""
        kept = torch.rand(images.shape, generator=self.generator) >= self.rate
        return images * kept.to(images)


class Softmaxed(nn.Module):
    """Returns probabilities, where logits are expected."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> Tensor:
        """Probabilities."""
        return torch.softmax(self.model(images), dim=1)
