"""A substitute for the audited model, trained on its answers: Papernot et al., 2017 (arXiv 1602.02697), section 4."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from advlab.models.inference import predict

BATCH = 50
LEARNING_RATE = 2e-3
WIDTH = 32
#: Pictures smaller than this a side, and what is no picture, get a network without convolutions.
SMALLEST = 8


def network(shape: torch.Size, classes: int) -> nn.Module:
    """A plain small network with smooth gradients: two convolutions for pictures, one hidden layer for all else."""
    if len(shape) == 3 and min(shape[1:]) >= SMALLEST:
        features = nn.Sequential(
            nn.Conv2d(shape[0], WIDTH // 2, 5, stride=2, padding=2), nn.ReLU(),
            nn.Conv2d(WIDTH // 2, WIDTH, 5, stride=2, padding=2), nn.ReLU(), nn.Flatten(),
        )  # fmt: skip
    else:
        features = nn.Sequential(nn.Flatten(), nn.Linear(shape.numel(), 4 * WIDTH), nn.ReLU())
    wide = features(torch.zeros(1, *shape)).shape[1]
    return nn.Sequential(features, nn.Linear(wide, classes))


def surrogate(model: nn.Module, images: Tensor, classes: int, epochs: int, seed: int) -> nn.Module:
    """Trained from `seed` to answer as `model` does, which is asked for the classes of these images and nothing else.

    The paper makes its own images from a handful; here the attacker has images of the same kind.
    """
    answers = predict(model, images)
    order = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(), torch.inference_mode(False), torch.enable_grad():
        torch.manual_seed(seed)
        substitute = network(images.shape[1:], classes).to(images.dtype)
        optimizer = torch.optim.Adam(substitute.parameters(), LEARNING_RATE)
        for _ in range(epochs):
            for chosen in torch.randperm(len(images), generator=order).split(BATCH):
                loss = F.cross_entropy(substitute(images[chosen]), answers[chosen])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
    return substitute.eval()
