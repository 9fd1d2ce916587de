"""Accuracy, clean and under attack, with the interval that its number of images allows."""

from collections.abc import Callable
from dataclasses import dataclass

from jaxtyping import Float, Int
from statsmodels.stats.proportion import proportion_confint
from torch import Tensor, nn

from advlab.inference import CHUNK, logits, predict

__all__ = ["Proportion", "accuracy", "logits", "predict"]


@dataclass(frozen=True)
class Proportion:
    """`count` of `n`, with its 95 % Wilson interval: the uncertainty of testing `n` images only.

    >>> half = Proportion(500, 1000)
    >>> half.value, round(half.low, 3), round(half.high, 3)
    (0.5, 0.469, 0.531)
    """

    count: int
    n: int

    def __post_init__(self) -> None:
        if not 0 <= self.count <= self.n or self.n == 0:
            raise ValueError(f"a proportion needs 0 <= count <= n and n > 0, got {self.count} of {self.n}")

    @property
    def value(self) -> float:
        """The share itself, in [0, 1]."""
        return self.count / self.n

    @property
    def low(self) -> float:
        """The interval's lower end."""
        return self._interval()[0]

    @property
    def high(self) -> float:
        """The interval's upper end."""
        return self._interval()[1]

    def _interval(self) -> tuple[float, float]:
        low, high = proportion_confint(self.count, self.n, alpha=0.05, method="wilson")
        return float(low), float(high)

    def to_json(self) -> dict[str, float | int]:
        """The form in which measurements store an accuracy."""
        return {"value": self.value, "low": self.low, "high": self.high, "count": self.count, "n": self.n}


def accuracy(
    model: nn.Module,
    images: Float[Tensor, "batch *shape"],
    labels: Int[Tensor, " batch"],
    attack: Callable[[nn.Module, Tensor, Tensor], Tensor] | None = None,
) -> Proportion:
    """The share of images classified as labelled, after `attack(model, images, labels)` if one is given.

    Under an attack this is an upper bound of the model's robust accuracy: a stronger attack may find less.
    The attack sees chunks of 100 images, so that what it computes stays in the processor's cache.

    Args:
        attack: for example `partial(fgsm, epsilon=0.1)`.

    Raises:
        ValueError: an empty batch, or as many labels as images there are not.
    """
    if len(images) != len(labels):
        raise ValueError(f"{len(images)} images but {len(labels)} labels")
    if len(images) == 0:
        raise ValueError("empty batch: accuracy over no image means nothing")
    correct = 0
    for chunk, truth in zip(images.split(CHUNK), labels.split(CHUNK), strict=True):
        attacked = chunk if attack is None else attack(model, chunk, truth)
        correct += int((predict(model, attacked) == truth).sum())
    return Proportion(correct, len(images))
