"""A model whose hidden layer is the image itself, and images for it; training digits to fit detectors on."""

import torch
from torch import nn


class Plane(nn.Module):
    """Images of `width` pixels whose hidden layer is the image itself; the class is the brighter half."""

    def __init__(self, width=4):
        super().__init__()
        self.hidden = nn.Flatten()
        self.half = width // 2

    def forward(self, images):
        x = self.hidden(images)
        return torch.stack([x[:, : self.half].sum(1), x[:, self.half :].sum(1)], dim=1)


def points(n=60, width=4, seed=0):
    images = torch.rand(n, 1, 1, width, generator=torch.Generator().manual_seed(seed), dtype=torch.double)
    return images, Plane(width)(images).argmax(1)
