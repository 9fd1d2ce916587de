"""Probabilities go into a loss that wants logits."""

import torch
import torch.nn.functional as F


def fgsm(model, images, labels, epsilon):
    model.eval()
    x = images.detach().clone().requires_grad_()
    loss = F.cross_entropy(model(x).softmax(dim=1), labels)
    (gradient,) = torch.autograd.grad(loss, x)
    return (images + epsilon * gradient.sign()).clamp(0, 1).detach()
