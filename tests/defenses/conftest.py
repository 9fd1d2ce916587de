"""What the tests of defenses share: training images, and a network trained with interval bounds in seconds."""

import pytest
import torch
from torch import nn

from tests.defenses.networks import TRAINED_FOR


@pytest.fixture(scope="session")
def guarded():
    """One hidden layer, trained with a growing epsilon on 3,000 digits. Not to be changed."""
    from advlab.data import MEAN, STD, subset
    from advlab.defenses import certified_loss, initialise, ramped
    from advlab.models import Normalize

    coins, digits = torch.Generator().manual_seed(0), subset(3000, "train")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = nn.Sequential(Normalize(MEAN, STD), nn.Flatten(), nn.Linear(784, 60), nn.ReLU(), nn.Linear(60, 10))
        initialise(model, coins)
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    batches = [batch for _ in range(12) for batch in torch.randperm(3000, generator=coins).split(100)]
    for step, chosen in enumerate(batches):
        share = step / len(batches)
        epsilon, kappa = ramped(share, 0.1, 0.6, 0.0, TRAINED_FOR), ramped(share, 0.1, 0.6, 1.0, 0.5)
        loss = certified_loss(model, digits.images[chosen], digits.labels[chosen], epsilon, kappa)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model.eval().requires_grad_(False)


@pytest.fixture(scope="session")
def training():
    """Training images to fit a detector on."""
    from advlab.data import subset

    return subset(600, "train")
