"""backward() to the weights as well."""

import torch
import torch.nn.functional as F


def pgd(model, images, labels, epsilon, step_size, steps, generator):
    model.eval()
    start = torch.rand(images.shape, generator=generator) * 2 - 1
    x = (images + epsilon * start).clamp(0, 1)
    for _ in range(steps):
        x = x.detach().requires_grad_()
        loss = F.cross_entropy(model(x), labels)
        loss.backward()
        gradient = x.grad
        x = x + step_size * gradient.sign()
        x = images + (x - images).clamp(-epsilon, epsilon)
        x = x.clamp(0, 1)
    return x.detach()
