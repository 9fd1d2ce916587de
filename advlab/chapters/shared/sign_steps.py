"""Steps along the sign of the gradient, which is computed once and used for every length."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from advlab.engine.cache.progress import report
from advlab.models.inference import CHUNK, device_of

#: Halvings in the search for a step of a given length: 2**-24 of a pixel is the resolution of float32.
HALVINGS = 24


def of_length(images: Tensor, sign: Tensor, lengths: Tensor) -> Tensor:
    """Images moved along `sign`, each by the step whose change has, after clipping, the L2 norm of `lengths`.

    The norm grows with the step, so bisection finds the step; it is always below 1, the width of the domain.
    """
    found = []
    for chunk, signs_of, wanted in zip(images.split(CHUNK), sign.split(CHUNK), lengths.split(CHUNK), strict=True):
        low, high = torch.zeros_like(wanted), torch.ones_like(wanted)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            moved = (chunk + middle.view(-1, 1, 1, 1) * signs_of).clamp(0, 1) - chunk
            short = moved.flatten(1).norm(dim=1) < wanted
            low, high = torch.where(short, middle, low), torch.where(short, high, middle)
        found.append((chunk + high.view(-1, 1, 1, 1) * signs_of).clamp(0, 1))
    return torch.cat(found)


def stepped(images: Tensor, sign: Tensor, epsilon: float) -> Tensor:
    """FGSM's result from a sign that is already known; with random signs, the control's."""
    return (images + epsilon * sign).clamp(0, 1)


def signs(model: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """The sign of the loss's gradient in each pixel, at the image itself: FGSM's direction at every epsilon."""
    found = []
    for done, (chunk, truth) in enumerate(zip(images.split(CHUNK), labels.split(CHUNK), strict=True)):
        found.append(gradient(model, chunk, truth).sign())
        report(min((done + 1) * CHUNK, len(images)), len(images), "gradients")
    return torch.cat(found)


def gradient(model: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """The gradient of each image's own cross-entropy with respect to its pixels."""
    device = device_of(model)
    inputs = images.detach().to(device).requires_grad_()
    loss = F.cross_entropy(model(inputs), labels.to(device), reduction="sum")
    return torch.autograd.grad(loss, inputs)[0].to(images.device)
