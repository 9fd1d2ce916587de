"""Broken defenses, planted on purpose: each hides the gradient, or breaks the evaluation, and adds no robustness.

From the literature, not from the checks: rounding (feature squeezing, Xu 2018), temperature (distillation, Papernot
2016), noise (Xie 2018), preprocessing without gradient (Guo 2018), the others from Athalye et al. 2018 and Carlini et
al. 2019.
"""

import copy

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Rounding(nn.Module):
    """Inputs rounded to black and white."""

    def forward(self, images: Tensor) -> Tensor:
        return images.round()


class Levels(nn.Module):
    """Inputs rounded to a few grey levels."""

    def forward(self, images: Tensor) -> Tensor:
        return (images * 8).round() / 8


class Scale(nn.Module):
    """Logits multiplied: what a distilled network is at temperature 1."""

    def __init__(self, by: float) -> None:
        super().__init__()
        self.by = by

    def forward(self, logits: Tensor) -> Tensor:
        return logits * self.by


class Noise(nn.Module):
    """Random noise on the input, also in evaluation."""

    def forward(self, images: Tensor) -> Tensor:
        return images + 0.2 * torch.randn_like(images)


class Blur(nn.Module):
    """A smoothing step that lets no gradient through."""

    def forward(self, images: Tensor) -> Tensor:
        return F.avg_pool2d(images.detach(), 3, stride=1, padding=1)


class Shatter(nn.Module):
    """A fine wave on every pixel, each with a phase of its own: differentiable, with a slope that misleads."""

    def forward(self, images: Tensor) -> Tensor:
        phases = torch.arange(images[0].numel(), dtype=images.dtype).view(images.shape[1:])
        return images + 0.02 * torch.sin(images * 1000 + phases)


class Clip(nn.Module):
    """Logits cut off."""

    def forward(self, logits: Tensor) -> Tensor:
        return torch.where(logits == logits.amax(1, keepdim=True), logits.clamp(-1, 1) + 1e-3, logits.clamp(-1, 1))


class BitOfEach(nn.Module):
    """Two thirds of the gradient is cut: the straight path is detached, a crooked one remains."""

    def forward(self, images: Tensor) -> Tensor:
        return images.detach() + 0.001 * (images.flip(-1) - images.flip(-1).detach())


class AlwaysTraining(nn.Module):
    """Dropout that evaluation mode does not switch off."""

    def forward(self, images: Tensor) -> Tensor:
        return F.dropout(images, 0.3, training=True)


def normalised_outside(net: nn.Sequential) -> nn.Module:
    """The network without its own first layer: it expects what a data pipeline normalised."""
    return nn.Sequential(*list(net.children())[1:])


def planted(net: nn.Sequential) -> dict[str, nn.Module]:
    """All of them, round a network that takes pixels; in evaluation mode unless that is the fault."""
    dropped = nn.Sequential(*net.children())
    dropped.insert(6, nn.Dropout(0.5))
    models = {
        "rounding": nn.Sequential(Rounding(), net),
        "grey levels": nn.Sequential(Levels(), net),
        "temperature": nn.Sequential(net, Scale(100.0)),
        "noise": nn.Sequential(Noise(), net),
        "detached": nn.Sequential(Blur(), net),
        "softmax": nn.Sequential(net, nn.Softmax(dim=1)),
        "shattered": nn.Sequential(Shatter(), net),
        "clipped": nn.Sequential(net, Clip()),
        "crooked": nn.Sequential(BitOfEach(), net),
        "dropout left on": nn.Sequential(AlwaysTraining(), net),
        "normalised outside": normalised_outside(net),
    }
    return {name: copy.deepcopy(model).eval() for name, model in models.items()} | {
        "training mode": copy.deepcopy(dropped).train()
    }
