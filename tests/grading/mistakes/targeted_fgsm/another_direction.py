"""The logit of the target alone: the other classes may rise with it."""

import torch


def targeted_fgsm(model, images, targets, epsilon):
    model.eval()
    x = images.detach().clone().requires_grad_()
    loss = -model(x).gather(1, targets[:, None]).sum()
    (gradient,) = torch.autograd.grad(loss, x)
    return (images - epsilon * gradient.sign()).clamp(0, 1).detach()
