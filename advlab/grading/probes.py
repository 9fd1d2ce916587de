"""What solutions are tried on: digits, and a small network that makes each mistake visible. Nothing is trained."""

import torch
from torch import Tensor, nn

from advlab.data import MEAN, STD, Dataset, subset
from advlab.models import Normalize
from advlab.models.inference import evaluation_mode

#: Number of digits that a solution is tried on.
IMAGES = 40
SEED = 7
#: Two results are the same if this fraction of their pixels is: sums may have been rounded in another order.
SAME = 0.985
ROUNDING = 1e-4


def digits() -> Dataset:
    """Test images, most of whose pixels lie at the border of [0, 1], so that a missing clamp shows."""
    return subset(IMAGES)


def network() -> nn.Sequential:
    """Small network with fixed random weights, in evaluation mode.

    Its logits are large and bend a lot, so that the gradient at another point differs. Batch normalisation and dropout
    make training mode visible. It knows nothing of digits: its answers are mostly other classes than the labels.
    """
    with torch.random.fork_rng():
        torch.manual_seed(SEED)
        made = nn.Sequential(
            Normalize(MEAN, STD),
            nn.Conv2d(1, 8, kernel_size=4, stride=2, padding=1),
            nn.BatchNorm2d(8),
            nn.Tanh(),
            nn.Flatten(),
            nn.Linear(8 * 14 * 14, 32),
            nn.Tanh(),
            nn.Dropout(0.5),
            nn.Linear(32, 10),
        )
        with torch.no_grad():
            for layer in made:
                if isinstance(layer, nn.Conv2d | nn.Linear):
                    layer.weight.mul_(4)
                if isinstance(layer, nn.BatchNorm2d):
                    layer.running_mean = 0.5 * torch.randn(8)
                    layer.running_var = 0.5 + 3 * torch.rand(8)
    return made.eval()


def alike(first: Tensor, second: Tensor) -> float:
    """Fraction of entries that are equal in both, up to rounding.

    Args:
        first: a tensor.
        second: another of the same shape.

    Source: advlab's own, made for the book's exercises.
    """
    return float(((first - second).abs() <= ROUNDING).float().mean())


def same(first: Tensor, second: Tensor) -> bool:
    """Whether two batches of images are equal, up to rounding and a few pixels.

    Args:
        first: images.
        second: others of the same shape.

    Source: advlab's own, made for the book's exercises.
    """
    return alike(first, second) >= SAME


def loss(model: nn.Module, images: Tensor, labels: Tensor) -> float:
    """Mean cross-entropy in evaluation mode, without a graph.

    Args:
        model: takes pixels in [0, 1], returns logits.
        images: [batch, *shape], in [0, 1].
        labels: [batch], classes.

    Source: advlab's own, made for the book's exercises.
    """
    with evaluation_mode(model), torch.no_grad():
        return float(nn.functional.cross_entropy(model(images), labels))


def gradient(model: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """Gradient of the summed cross-entropy in the images, in evaluation mode.

    Args:
        model: takes pixels in [0, 1], returns logits.
        images: [batch, *shape], in [0, 1]; they stay as they are.
        labels: [batch], classes.

    Source: advlab's own, made for the book's exercises.
    """
    with evaluation_mode(model), torch.enable_grad():
        at = images.detach().clone().requires_grad_()
        summed = nn.functional.cross_entropy(model(at), labels, reduction="sum")
        return torch.autograd.grad(summed, at)[0]


def answers(model: nn.Module, images: Tensor) -> Tensor:
    """Classes that the model predicts, in evaluation mode.

    Args:
        model: takes pixels in [0, 1], returns logits.
        images: [batch, *shape], in [0, 1].

    Source: advlab's own, made for the book's exercises.
    """
    with evaluation_mode(model), torch.no_grad():
        found: Tensor = model(images).argmax(1)
    return found
