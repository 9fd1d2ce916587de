"""One image at a time, written back."""

import torch
import torch.nn.functional as F


def fgsm(model, images, labels, epsilon):
    model.eval()
    for number in range(len(images)):
        x = images[number : number + 1].clone().requires_grad_()
        loss = F.cross_entropy(model(x), labels[number : number + 1])
        (gradient,) = torch.autograd.grad(loss, x)
        images[number] = (x + epsilon * gradient.sign()).clamp(0, 1).detach()[0]
    return images
