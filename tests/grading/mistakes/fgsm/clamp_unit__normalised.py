"""Limits of normalised images, on images that are pixels."""

import torch
import torch.nn.functional as F


def fgsm(model, images, labels, epsilon):
    model.eval()
    x = images.detach().clone().requires_grad_()
    loss = F.cross_entropy(model(x), labels)
    (gradient,) = torch.autograd.grad(loss, x)
    return (images + epsilon * gradient.sign()).clamp((0 - 0.1307) / 0.3081, (1 - 0.1307) / 0.3081).detach()
