"""Small random networks of every kind of layer that has bounds, on images of 6 x 6 pixels and three classes."""

import itertools

import torch
from torch import nn

from advlab.models import Contrast, Normalize
from advlab.models.inference import logits

#: With every layer of `advlab.defenses.chain.KNOWN` in one of them; "pooled" has what CROWN-IBP does not take.
LINEAR_ONLY = ("dense", "strided", "averaged", "contrast")
KINDS = (*LINEAR_ONLY, "pooled")
#: The L-infinity radius that the fixture `guarded` is trained for, in pixel units.
TRAINED_FOR = 0.1


def layers(kind):
    if kind == "dense":
        return [
            nn.Flatten(), nn.Linear(36, 8), nn.ReLU(), nn.Linear(8, 8, bias=False), nn.BatchNorm1d(8), nn.ReLU(),
            nn.Linear(8, 3),
        ]  # fmt: skip
    if kind == "strided":
        return [
            nn.Conv2d(1, 4, 3, stride=2, padding=1), nn.BatchNorm2d(4), nn.ReLU(),
            nn.Conv2d(4, 6, 2, stride=2, groups=2, bias=False), nn.ReLU(), nn.Identity(), nn.Flatten(),
            nn.Dropout(0.5), nn.Linear(6, 3, bias=False),
        ]  # fmt: skip
    if kind == "averaged":
        return [
            nn.Conv2d(1, 4, (2, 3), padding=(1, 0), dilation=(2, 1)), nn.ReLU(),
            nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False), nn.BatchNorm2d(4, affine=False),
            nn.Flatten(), nn.Linear(24, 3),
        ]  # fmt: skip
    if kind == "contrast":
        return [
            Contrast(0.2, 0.9, leak=0.05), nn.Conv2d(1, 4, 3, stride=2, padding=1), nn.ReLU(), nn.Flatten(),
            nn.Linear(36, 3),
        ]  # fmt: skip
    return [
        nn.Conv2d(1, 4, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 4, 2), nn.MaxPool2d(2),
        nn.ReLU(), nn.Flatten(), nn.Linear(4, 3),
    ]  # fmt: skip


def network(kind, seed=0, dtype=torch.float64):
    """In evaluation mode, with batch statistics that are not those of a new layer."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = nn.Sequential(Normalize(0.3, 0.4), *layers(kind)).to(dtype).eval()
        for module in model.modules():
            if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
                module.running_mean.normal_()
                module.running_var.uniform_(0.5, 2.0)
                if module.affine:
                    nn.init.normal_(module.weight)
                    nn.init.normal_(module.bias)
    return model


def pictures(n=4, seed=0, dtype=torch.float64, low=0.0, high=1.0):
    """Images and labels; with low < 0 or high > 1 some pixels are exactly black or white."""
    coins = torch.Generator().manual_seed(seed)
    images = (low + (high - low) * torch.rand(n, 1, 6, 6, generator=coins, dtype=dtype)).clamp(0, 1)
    return images, torch.randint(0, 3, (n,), generator=coins)


def points(images, epsilon, n, seed=0):
    """Random points of the ball, half of them its corners: [n, batch, ...]."""
    coins = torch.Generator().manual_seed(seed)
    shifts = 2 * torch.rand(n, *images.shape, generator=coins, dtype=images.dtype) - 1
    shifts[::2] = shifts[::2].sign()
    return (images + epsilon * shifts).clamp(0, 1)


def outputs(model, tried):
    """Logits [n, batch, classes] of points [n, batch, ...]."""
    return logits(model, tried.flatten(0, 1)).unflatten(0, tried.shape[:2])


def corners(images, epsilon):
    """Every corner of the ball within [0, 1]: [2**pixels, batch, ...]; for a few pixels."""
    low, high = (images - epsilon).clamp(0, 1), (images + epsilon).clamp(0, 1)
    sides = torch.tensor(list(itertools.product((False, True), repeat=images[0].numel())))
    return torch.where(sides.view(-1, 1, *images.shape[1:]), high, low)
