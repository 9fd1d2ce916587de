"""Limits of bytes."""

import torch
import torch.nn.functional as F


def pgd(model, images, labels, epsilon, step_size, steps, generator):
    model.eval()
    start = torch.rand(images.shape, generator=generator) * 2 - 1
    x = (images + epsilon * start).clamp(0, 255)
    for _ in range(steps):
        x = x.detach().requires_grad_()
        loss = F.cross_entropy(model(x), labels)
        (gradient,) = torch.autograd.grad(loss, x)
        x = x + step_size * gradient.sign()
        x = images + (x - images).clamp(-epsilon, epsilon)
        x = x.clamp(0, 255)
    return x.detach()
