"""One gradient, taken at the images, for all steps."""

import torch
import torch.nn.functional as F


def bpda(preprocess, model, images, labels, epsilon, step_size, steps):
    model.eval()
    seen = preprocess(images).requires_grad_()
    (gradient,) = torch.autograd.grad(F.cross_entropy(model(seen), labels), seen)
    change = (steps * step_size * gradient.sign()).clamp(-epsilon, epsilon)
    return (images + change).clamp(0, 1).detach()
