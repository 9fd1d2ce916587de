"""As in the article: normalised first, then cut off at zero and one."""

import torch
import torch.nn.functional as F


def fgsm(model, images, labels, epsilon):
    model.eval()
    x = images.detach().clone().requires_grad_()
    loss = F.cross_entropy(model(x), labels)
    (gradient,) = torch.autograd.grad(loss, x)
    normalised = (images - 0.1307) / 0.3081
    attacked = (normalised + epsilon * gradient.sign()).clamp(0, 1)
    return (attacked * 0.3081 + 0.1307).detach()
