"""Models that look more robust than they are: the standard model with something that hinders an attack."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn


def sharpened(model: nn.Module, scale: float) -> nn.Module:
    """A copy with the last linear layer multiplied; all answers stay the same, since the order of the logits does."""
    sharp = copy.deepcopy(model)
    last = [module for module in sharp.modules() if isinstance(module, nn.Linear)][-1]
    with torch.no_grad():
        for parameter in last.parameters():
            parameter.mul_(scale)
    return sharp


class Dropping(nn.Module):
    """Blackens a random part of the pixels at every call, in evaluation mode, too.

    Args:
        rate: the chance that a pixel is blackened, in [0, 1).
        seed: the seed of the one generator that successive calls draw from.
    """

    def __init__(self, rate: float, seed: int) -> None:
        super().__init__()
        self.rate = rate
        self.generator = torch.Generator().manual_seed(seed)

    def forward(self, images: Tensor) -> Tensor:
        """The images with a random part of the pixels blackened."""
        kept = torch.rand(images.shape, generator=self.generator) >= self.rate
        return images * kept.to(images)


class Softmaxed(nn.Module):
    """A model that returns probabilities where logits are expected."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> Tensor:
        """The probabilities of the classes."""
        return torch.softmax(self.model(images), dim=1)
