"""The least and the greatest of each product, added up."""

import torch
from torch import nn


def interval_bounds(model, images, epsilon):
    lower, upper = (images - epsilon).clamp(0, 1), (images + epsilon).clamp(0, 1)
    with torch.no_grad():
        for layer in model.children():
            if isinstance(layer, nn.Linear):
                products = torch.stack([end[:, None, :] * layer.weight for end in (lower, upper)])
                lower = products.amin(0).sum(2) + layer.bias
                upper = products.amax(0).sum(2) + layer.bias
            else:
                lower, upper = layer(lower), layer(upper)
    return lower, upper
