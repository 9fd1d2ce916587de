"""Random signs."""

import torch


def fgsm(model, images, labels, epsilon):
    model.eval()
    generator = torch.Generator().manual_seed(0)
    signs = torch.rand(images.shape, generator=generator).sub(0.5).sign()
    return (images + epsilon * signs).clamp(0, 1)
