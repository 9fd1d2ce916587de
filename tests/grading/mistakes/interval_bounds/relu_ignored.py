"""Activations are skipped."""

import torch.nn.functional as F
from torch import nn


def interval_bounds(model, images, epsilon):
    lower, upper = (images - epsilon).clamp(0, 1), (images + epsilon).clamp(0, 1)
    for layer in model:
        if isinstance(layer, nn.Linear):
            center, radius = (lower + upper) / 2, (upper - lower) / 2
            center, radius = layer(center), F.linear(radius, layer.weight.abs())
            lower, upper = center - radius, center + radius
        elif isinstance(layer, nn.Flatten):
            lower, upper = layer(lower), layer(upper)
    return lower, upper
