"""The gradient is kept differentiable, and so is the result."""

import torch
import torch.nn.functional as F


def fgsm(model, images, labels, epsilon):
    model.eval()
    x = images.detach().clone().requires_grad_()
    loss = F.cross_entropy(model(x), labels)
    (gradient,) = torch.autograd.grad(loss, x, create_graph=True)
    return (x + epsilon * gradient.sign()).clamp(0, 1)
