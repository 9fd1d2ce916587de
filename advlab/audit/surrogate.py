"""A substitute for the audited model, trained on its answers: Papernot et al., 2017 (arXiv 1602.02697), section 4."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from advlab.models.inference import predict

BATCH = 50
LEARNING_RATE = 2e-3
WIDTH = 32
#: Images with a side below this, and inputs that are not pictures, get a network without convolutions.
SMALLEST = 8


def network(shape: torch.Size, classes: int) -> nn.Module:
    """Small plain untrained network: two convolutions for pictures, one hidden layer for everything else.

    Args:
        shape: of one image, without the batch; [channels, height, width] for a picture.
        classes: the number of outputs.

    Source: advlab's own, small enough to train within an audit.
    """
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
    """Network trained from `seed` to answer as `model` does. The model is asked only for the classes of these images.

    The paper makes its own images from a handful; here the attacker has images of the same kind.

    Args:
        model: takes pixels in [0, 1], returns logits.
        images: [n, *shape], in [0, 1], at least one, on the CPU.
        classes: the number of the model's classes.
        epochs: passes over the images.
        seed: of the initial weights and the order of images.

    Returns:
        The substitute, in evaluation mode, in the images' dtype.

    Raises:
        ValueError: there is no image.

    Source: Papernot et al. 2017 (arXiv 1602.02697), section 4.
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
