"""The gradient of the copy is never emptied: each step follows the sum."""

import torch
import torch.nn.functional as F


def pgd(model, images, labels, epsilon, step_size, steps, generator):
    model.eval()
    start = torch.rand(images.shape, generator=generator) * 2 - 1
    x = (images + epsilon * start).clamp(0, 1)
    x.requires_grad_()
    for _ in range(steps):
        F.cross_entropy(model(x), labels).backward(inputs=[x])
        with torch.no_grad():
            x += step_size * x.grad.sign()
            x.copy_((images + (x - images).clamp(-epsilon, epsilon)).clamp(0, 1))
    return x.detach()
