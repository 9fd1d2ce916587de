"""Accuracy, clean and under attack, with the interval that its number of images allows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypedDict

import torch
from jaxtyping import Bool, Float, Int
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint
from torch import Tensor, nn

from advlab.models.inference import logits, predict

__all__ = [
    "Attack",
    "Paired",
    "Proportion",
    "WorstCase",
    "accuracy",
    "attack_success_rate",
    "distances",
    "logits",
    "paired",
    "predict",
    "worst_case",
]

#: Images attacked at a time: attacks cut them into chunks of their own, and prepare the model once for each call.
BATCH = 1000

#: An attack with its options set: `partial(fgsm, epsilon=0.1)`.
Attack = Callable[[nn.Module, Tensor, Tensor], Tensor]


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
    attack: Attack | None = None,
) -> Proportion:
    """The share of images classified as labelled, after `attack(model, images, labels)` if one is given.

    Under an attack this is an upper bound of the model's robust accuracy: a stronger attack may find less.

    Args:
        attack: for example `partial(fgsm, epsilon=0.1)`.

    Raises:
        ValueError: an empty batch, or as many labels as images there are not.
    """
    _check_pairs(images, labels)
    correct = 0
    for batch, truth in zip(images.split(BATCH), labels.split(BATCH), strict=True):
        attacked = batch if attack is None else attack(model, batch, truth)
        correct += int((predict(model, attacked) == truth).sum())
    return Proportion(correct, len(images))


def _check_pairs(images: Tensor, labels: Tensor) -> None:
    if len(images) != len(labels):
        raise ValueError(f"{len(images)} images but {len(labels)} labels")
    if len(images) == 0:
        raise ValueError("empty batch: accuracy over no image means nothing")


@dataclass(frozen=True)
class WorstCase:
    """What is left of each image after a set of attacks.

    Args:
        clean: which images were classified right before any attack.
        right: which are classified right after all of them.
        broken_by: for each image the first attack that broke it; None where none did or none was needed.
        adversarial: the image that breaks the model, where there is one; else the image itself.
    """

    clean: Bool[Tensor, " batch"]
    right: Bool[Tensor, " batch"]
    broken_by: list[str | None]
    adversarial: Float[Tensor, "batch *shape"]

    @property
    def robust_accuracy(self) -> Proportion:
        """The share of all images that no attack broke: an upper bound of the true robust accuracy."""
        return Proportion(int(self.right.sum()), len(self.right))


def worst_case(
    model: nn.Module,
    images: Float[Tensor, "batch *shape"],
    labels: Int[Tensor, " batch"],
    attacks: Mapping[str, Attack],
) -> WorstCase:
    """Each image under each attack, in the order given: it counts as right only if it survives all of them.

    The worst case is taken for each image, not for each batch or attack (Carlini et al. 2019). An image that is already
    broken is not attacked again. Every verdict is the model's own, on the image that the attack gave back.

    Raises:
        ValueError: an empty batch, or as many labels as images there are not.
    """
    _check_pairs(images, labels)
    clean = predict(model, images) == labels
    right, adversarial = clean.clone(), images.detach().clone()
    broken_by: list[str | None] = [None] * len(images)
    for name, attack in attacks.items():
        left = right.nonzero().squeeze(1)
        for chosen in left.split(BATCH) if len(left) else ():
            attacked = attack(model, images[chosen], labels[chosen])
            fooled = predict(model, attacked) != labels[chosen]
            adversarial[chosen[fooled]] = attacked[fooled]
            right[chosen[fooled]] = False
            for number in chosen[fooled].tolist():
                broken_by[number] = name
    return WorstCase(clean, right, broken_by, adversarial)


def attack_success_rate(clean: Bool[Tensor, " batch"], attacked: Bool[Tensor, " batch"]) -> Proportion:
    """Of the images classified right before the attack, the share that it turned wrong.

    The denominator is what the model got right: its own errors are no success of an attacker.

    Args:
        clean: which images were classified right before the attack.
        attacked: which still were, under it.

    Raises:
        ValueError: shapes differ, or no image was right to begin with.
    """
    if clean.shape != attacked.shape:
        raise ValueError(f"verdicts on {len(clean)} images before and {len(attacked)} under the attack")
    return Proportion(int((clean & ~attacked).sum()), int(clean.sum()))


def distances(
    model: nn.Module,
    images: Float[Tensor, "batch *shape"],
    labels: Int[Tensor, " batch"],
    adversarial: Float[Tensor, "batch *shape"],
    norm: Literal["Linf", "L2"],
) -> Float[Tensor, " batch"]:
    """How far each image was moved to be misclassified, in pixel units; infinity where it is still classified right.

    An upper bound of the distance to the nearest error. The share of distances above epsilon is the robust accuracy
    at epsilon, for every epsilon at once.
    """
    change = (adversarial - images).flatten(1)
    sizes = change.abs().amax(1) if norm == "Linf" else change.norm(dim=1)
    return torch.where(predict(model, adversarial) == labels, torch.inf, sizes)


class Paired(TypedDict):
    """Images right under only one of two treatments, and the chance of so uneven a split if neither were stronger."""

    only_first: int
    only_second: int
    p: float


def paired(first: Bool[Tensor, " batch"], second: Bool[Tensor, " batch"]) -> Paired:
    """McNemar's exact test of two attacks, or two models, on the same images (statsmodels).

    Args:
        first: which images were classified right under the one.
        second: which were under the other.

    Raises:
        ValueError: shapes differ.

    >>> right = torch.tensor([True] * 90 + [False] * 10)
    >>> paired(right, torch.zeros(100, dtype=torch.bool))["p"] < 1e-20
    True
    """
    if first.shape != second.shape:
        raise ValueError(f"verdicts on {len(first)} and on {len(second)} images cannot be paired")
    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    both, neither = int((first & second).sum()), int((~first & ~second).sum())
    test = mcnemar([[both, only_first], [only_second, neither]], exact=True)
    return Paired(only_first=only_first, only_second=only_second, p=float(test.pvalue))
