"""The networks of the book. They take pixels in [0, 1], normalise inside, and return logits."""

import torch
from jaxtyping import Float
from torch import Tensor, fx, nn

from advlab.data import CLASSES, MEAN, STD


class Normalize(nn.Module):
    """Layer that subtracts `mean` and divides by `std`, inside the model, so that epsilon stays in pixel units.

    Args:
        mean: of the pixels in [0, 1]; 0.1307 for MNIST's training images.
        std: standard deviation of the pixels in [0, 1], above 0; 0.3081 for MNIST's training images.

    Source: advlab's own: the usual standardisation of pixels, as a layer.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, mean: float, std: float) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean))
        self.register_buffer("std", torch.tensor(std))

    def forward(self, images: Float[Tensor, "batch *shape"]) -> Float[Tensor, "batch *shape"]:
        """Normalised pixels of images in [0, 1]."""
        return (images - self.mean) / self.std

    def extra_repr(self) -> str:
        """The text that `print(model)` shows."""
        return f"mean={self.mean:g}, std={self.std:g}"


class Contrast(nn.Module):
    """Layer that stretches grey levels from `low`..`high` to 0..1; outside, the slope is `leak` times as steep.

    For images that are nearly black and white. A pixel that stays below `low`, or above `high`, in its whole ball
    hardly moves, so this much of any perturbation is gone before the first weight. The leak keeps the sign of the
    gradient: a flat clamp would have none there, and attacks that follow gradients would fail for that reason alone.

    Args:
        low: the grey level that becomes 0, in pixel units.
        high: the grey level that becomes 1, in pixel units; above `low`.
        leak: the slope outside relative to the slope inside, in [0, 1].

    Raises:
        ValueError: `high` is not above `low`, or `leak` lies outside [0, 1].

    Source: advlab's own: Schott et al. 2019 (arXiv 1805.09190) show how much binarising MNIST alone gives.

    >>> Contrast(0.25, 0.75, leak=0.0)(torch.tensor([0.0, 0.25, 0.5, 1.0])).tolist()
    [0.0, 0.0, 0.5, 1.0]
    """

    def __init__(self, low: float, high: float, leak: float = 0.01) -> None:
        super().__init__()
        if not low < high:
            raise ValueError(f"high must be above low, got {low} and {high}")
        if not 0 <= leak <= 1:
            raise ValueError(f"leak must lie in [0, 1], got {leak}")
        self.low, self.high, self.leak = low, high, leak

    def forward(self, images: Float[Tensor, "batch *shape"]) -> Float[Tensor, "batch *shape"]:
        """Stretched pixels of images in [0, 1]. Never falls where a pixel rises, not even by rounding."""
        stretched = (images - self.low) / (self.high - self.low)
        inside = stretched.clamp(0, 1)
        return inside + self.leak * (stretched - inside)

    def extra_repr(self) -> str:
        """The text that `print(model)` shows."""
        return f"low={self.low:g}, high={self.high:g}, leak={self.leak:g}"


def expect_digits(images: Tensor) -> None:
    """Checks that `images` have MNIST's shape `[batch, 1, 28, 28]`; raises ValueError otherwise."""
    if images.ndim != 4 or images.shape[1:] != (1, 28, 28):
        raise ValueError(f"SimpleCNN takes images of shape [batch, 1, 28, 28], got {list(images.shape)}")


fx.wrap("expect_digits")  # a check depends on values, so torch.fx has to record it as one step


class SimpleCNN(nn.Module):
    """The article's network: 421,642 parameters, of which `fc1` holds 401,536.

    Every step is a named module, `nn.ReLU` included: forward hooks attach to modules, not to calls of `F.relu`.

    Args:
        dropout: probability with which a feature of `fc1` is dropped in training, in [0, 1).

    Raises:
        ValueError: `dropout` lies outside [0, 1].

    Source: perfecXion Research Team 2025, Understanding Adversarial Attacks Through MNIST, the article that the book
    tests.

    >>> sum(parameter.numel() for parameter in SimpleCNN().parameters())
    421642
    """

    def __init__(self, dropout: float = 0.25) -> None:
        super().__init__()
        self.normalize = Normalize(MEAN, STD)
        self.conv1 = nn.Conv2d(1, 32, kernel_size=3, padding=1)
        self.relu1 = nn.ReLU()
        self.pool1 = nn.MaxPool2d(2)
        self.conv2 = nn.Conv2d(32, 64, kernel_size=3, padding=1)
        self.relu2 = nn.ReLU()
        self.pool2 = nn.MaxPool2d(2)
        self.flatten = nn.Flatten()
        self.fc1 = nn.Linear(64 * 7 * 7, 128)
        self.relu3 = nn.ReLU()
        self.dropout = nn.Dropout(dropout)
        self.fc2 = nn.Linear(128, CLASSES)

    def forward(self, images: Float[Tensor, "batch 1 28 28"]) -> Float[Tensor, "batch classes"]:
        """Logits `[batch, classes]`. Raises ValueError unless `images` have MNIST's shape."""
        expect_digits(images)
        x = self.normalize(images)
        x = self.pool1(self.relu1(self.conv1(x)))
        x = self.pool2(self.relu2(self.conv2(x)))
        x = self.relu3(self.fc1(self.flatten(x)))
        return self.fc2(self.dropout(x))


def strided_cnn() -> nn.Sequential:
    """`SimpleCNN` with strided convolutions in place of pooling, and no dropout; as many parameters.

    It computes a quarter of the positions, so a training costs a third, and it is a chain of layers that have bounds.

    Source: advlab's own: a cheap variant of the article's network.

    >>> sum(parameter.numel() for parameter in strided_cnn().parameters())
    421642
    """
    return nn.Sequential(
        Normalize(MEAN, STD),
        nn.Conv2d(1, 32, kernel_size=3, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(32, 64, kernel_size=3, stride=2, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(64 * 7 * 7, 128),
        nn.ReLU(),
        nn.Linear(128, CLASSES),
    )


def deeper_cnn() -> nn.Sequential:
    """Three convolutions, the first and the last strided: gains most from a few minutes of robust training.

    Source: advlab's own: the network of the book's adversarial training.

    >>> sum(parameter.numel() for parameter in deeper_cnn().parameters())
    685154
    """
    return nn.Sequential(
        Normalize(MEAN, STD),
        nn.Conv2d(1, 32, kernel_size=3, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(32, 64, kernel_size=3, padding=1),
        nn.ReLU(),
        nn.Conv2d(64, 64, kernel_size=3, stride=2, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(64 * 7 * 7, 200),
        nn.ReLU(),
        nn.Linear(200, CLASSES),
    )


def striding(first: int, second: int, hidden: int) -> nn.Sequential:
    """Two strided 4x4 convolutions, no pooling, one hidden layer: a network with cheap forward and backward passes.

    Args:
        first: channels of the first convolution, at least 1.
        second: channels of the second convolution, at least 1.
        hidden: width of the hidden layer, at least 1.

    Source: advlab's own: a small network for methods that need very many passes.
    """
    return nn.Sequential(
        Normalize(MEAN, STD),
        nn.Conv2d(1, first, kernel_size=4, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(first, second, kernel_size=4, stride=2, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(second * 7 * 7, hidden),
        nn.ReLU(),
        nn.Linear(hidden, CLASSES),
    )


def cheap_cnn() -> nn.Sequential:
    """The network for randomised smoothing, which is queried thousands of times for one image; 81,710 parameters.

    Source: advlab's own: `striding` at its smallest.

    >>> sum(parameter.numel() for parameter in cheap_cnn().parameters())
    81710
    """
    return striding(8, 16, 100)
