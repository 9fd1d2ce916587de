# --8<-- [start:carry]
import torch
from torch import nn


def carried(layers, lower, upper):
    """The least and the greatest that each number can be, from one layer to the next."""
    for layer in layers:
        if isinstance(layer, nn.Linear):
            center, radius = (upper + lower) / 2, (upper - lower) / 2
            center = layer(center)
            radius = radius @ layer.weight.abs().T  # no bias: it moves both ends alike
            lower, upper = center - radius, center + radius
        else:  # ReLU and Flatten never fall where their input rises
            lower, upper = layer(lower), layer(upper)
    return lower, upper


# --8<-- [end:carry]

# --8<-- [start:use]
torch.manual_seed(0)
model = nn.Sequential(nn.Flatten(), nn.Linear(784, 20), nn.ReLU(), nn.Linear(20, 10)).eval()
images, epsilon = torch.rand(4, 1, 28, 28), 0.05

with torch.no_grad():
    lower, upper = carried(model, (images - epsilon).clamp(0, 1), (images + epsilon).clamp(0, 1))
    tried = (images + epsilon * (2 * torch.rand(1000, *images.shape) - 1)).clamp(0, 1)
    logits = model(tried.flatten(0, 1)).unflatten(0, (1000, 4))
print("logits of random images within:", bool(((lower <= logits) & (logits <= upper)).all()))
# --8<-- [end:use]

# --8<-- [start:library]
from advlab.defenses import bounds

with torch.no_grad():
    theirs = bounds(model, images, epsilon, outward=False)
print("as the library:", torch.allclose(lower, theirs[0], atol=1e-5), torch.allclose(upper, theirs[1], atol=1e-5))
# --8<-- [end:library]
