"""A change that is never emptied of its gradient."""

import torch
import torch.nn.functional as F


def bpda(preprocess, model, images, labels, epsilon, step_size, steps):
    model.eval()
    change = torch.zeros_like(images).requires_grad_()
    for _ in range(steps):
        x = images + change
        seen = x + (preprocess(x) - x).detach()
        F.cross_entropy(model(seen), labels).backward(inputs=[change])
        with torch.no_grad():
            change.copy_((change + step_size * change.grad.sign()).clamp(-epsilon, epsilon))
            change.copy_((images + change).clamp(0, 1) - images)
    return (images + change).detach()
