"""The loss of what the defense answers."""

import torch
import torch.nn.functional as F


def bpda(preprocess, model, images, labels, epsilon, step_size, steps):
    model.eval()
    x = images.clone()
    for _ in range(steps):
        seen = preprocess(x).detach().requires_grad_()
        (gradient,) = torch.autograd.grad(F.cross_entropy(model(seen), model(seen).argmax(1)), seen)
        x = x + step_size * gradient.sign()
        x = (images + (x - images).clamp(-epsilon, epsilon)).clamp(0, 1)
    return x.detach()
