"""One gradient for all steps."""

import torch
import torch.nn.functional as F


def pgd(model, images, labels, epsilon, step_size, steps, generator):
    model.eval()
    start = torch.rand(images.shape, generator=generator) * 2 - 1
    x = (images + epsilon * start).clamp(0, 1)
    x = x.requires_grad_()
    (gradient,) = torch.autograd.grad(F.cross_entropy(model(x), labels), x)
    for _ in range(steps):
        x = x + step_size * gradient.sign()
        x = (images + (x - images).clamp(-epsilon, epsilon)).clamp(0, 1)
    return x.detach()
