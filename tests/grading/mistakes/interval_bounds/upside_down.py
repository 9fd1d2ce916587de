"""The ends are mixed up for negative weights."""

import torch.nn.functional as F
from torch import nn


def interval_bounds(model, images, epsilon):
    lower, upper = (images - epsilon).clamp(0, 1), (images + epsilon).clamp(0, 1)
    for layer in model:
        if isinstance(layer, nn.Linear):
            up, down = layer.weight.clamp(min=0), layer.weight.clamp(max=0)
            lower, upper = (
                F.linear(upper, up, layer.bias) + F.linear(lower, down),
                F.linear(lower, up, layer.bias) + F.linear(upper, down),
            )
        else:
            lower, upper = layer(lower), layer(upper)
    return lower, upper
