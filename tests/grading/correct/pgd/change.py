"""A change of its own is carried along, and emptied of its gradient; the start is not clipped first."""

import torch
import torch.nn.functional as F


def pgd(model, images, labels, epsilon, step_size, steps, generator):
    model.eval()
    change = torch.empty_like(images).uniform_(-epsilon, epsilon, generator=generator).requires_grad_()
    for _ in range(steps):
        F.cross_entropy(model(images + change), labels, reduction="sum").backward()
        change.data = (change.data + step_size * change.grad.sign()).clamp(-epsilon, epsilon)
        change.data = (images + change.data).clamp(0, 1) - images
        change.grad.zero_()
    model.zero_grad()
    return (images + change).detach()
