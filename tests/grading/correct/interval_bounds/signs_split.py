"""Positive and negative weights apart."""

import torch.nn.functional as F
from torch import nn


def interval_bounds(model, images, epsilon):
    lower, upper = (images - epsilon).clamp(0, 1), (images + epsilon).clamp(0, 1)
    for layer in model:
        if isinstance(layer, nn.Linear):
            up, down = layer.weight.clamp(min=0), layer.weight.clamp(max=0)
            lower, upper = (
                F.linear(lower, up, layer.bias) + F.linear(upper, down),
                F.linear(upper, up, layer.bias) + F.linear(lower, down),
            )
        else:
            lower, upper = layer(lower), layer(upper)
    return lower.detach(), upper.detach()
