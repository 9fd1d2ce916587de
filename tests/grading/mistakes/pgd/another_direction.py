"""The logit of the label alone, instead of the loss."""

import torch


def pgd(model, images, labels, epsilon, step_size, steps, generator):
    model.eval()
    start = torch.rand(images.shape, generator=generator) * 2 - 1
    x = (images + epsilon * start).clamp(0, 1)
    for _ in range(steps):
        x = x.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(-model(x).gather(1, labels[:, None]).sum(), x)
        x = x + step_size * gradient.sign()
        x = (images + (x - images).clamp(-epsilon, epsilon)).clamp(0, 1)
    return x.detach()
