"""Accuracy, clean and under attack, with the confidence interval that follows from the number of images."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypedDict

import torch
from jaxtyping import Bool, Float, Int
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

#: Images passed to an attack in one call; attacks cut them into smaller chunks and prepare the model once for a call.
BATCH = 1000

#: An attack with its options set: `partial(fgsm, epsilon=0.1)`.
Attack = Callable[[nn.Module, Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Proportion:
    """`count` of `n`, with its 95 % Wilson interval, which covers the uncertainty of testing only `n` images.

    Args:
        count: number of successes, from 0 to `n`.
        n: number of trials, at least 1.

    Raises:
        ValueError: `n` is 0 or below, or `count` is not in 0..n.

    Source: Wilson 1927, as computed by scipy.

    >>> half = Proportion(500, 1000)
    >>> half.value, round(half.low, 3), round(half.high, 3)
    (0.5, 0.469, 0.531)
    """

    count: int
    n: int

    def __post_init__(self) -> None:
        if not 0 <= self.count <= self.n or self.n == 0:
            raise ValueError(f"a proportion needs 0 <= count <= n and n > 0, got count {self.count} of n {self.n}")

    @property
    def value(self) -> float:
        """The proportion itself, in [0, 1]."""
        return self.count / self.n

    @property
    def low(self) -> float:
        """The lower end of the interval."""
        return self._interval()[0]

    @property
    def high(self) -> float:
        """The upper end of the interval."""
        return self._interval()[1]

    def _interval(self) -> tuple[float, float]:
        from scipy.stats import binomtest  # here: whoever only attacks does without, and it takes a second

        interval = binomtest(self.count, self.n).proportion_ci(0.95, method="wilson")
        return float(interval.low), float(interval.high)

    def to_json(self) -> dict[str, float | int]:
        """The form in which measurements store an accuracy."""
        return {"value": self.value, "low": self.low, "high": self.high, "count": self.count, "n": self.n}


def accuracy(
    model: nn.Module,
    images: Float[Tensor, "batch *shape"],
    labels: Int[Tensor, " batch"],
    attack: Attack | None = None,
) -> Proportion:
    """The proportion of images classified as labelled, after `attack(model, images, labels)` if one is given.

    Under an attack this is an upper bound of the model's robust accuracy: a stronger attack may leave less.

    Args:
        model: takes pixels in [0, 1], returns logits `[batch, classes]`.
        images: `[batch, *shape]`, in [0, 1].
        labels: `[batch]`, the true classes.
        attack: an attack with its options set, for example `partial(fgsm, epsilon=0.1)`; None measures clean accuracy.

    Raises:
        ValueError: the numbers of images and labels differ, or there are no images; also what the attack raises.

    Source: Robust accuracy as an upper bound: Carlini et al. 2019 (arXiv 1902.06705). Interval: Wilson 1927.
    """
    _check_pairs(images, labels)
    correct = 0
    for batch, truth in zip(images.split(BATCH), labels.split(BATCH), strict=True):
        attacked = batch if attack is None else attack(model, batch, truth)
        correct += int((predict(model, attacked) == truth).sum())
    return Proportion(correct, len(images))


def _check_pairs(images: Tensor, labels: Tensor) -> None:
    if len(images) != len(labels):
        raise ValueError(f"the numbers of images and labels differ: {len(images)} images but {len(labels)} labels")
    if len(images) == 0:
        raise ValueError("empty batch: images must hold at least one image")


@dataclass(frozen=True)
class WorstCase:
    """Verdicts on each image after a set of attacks.

    Args:
        clean: `[batch]`, True for images classified correctly before any attack.
        right: `[batch]`, True for images still classified correctly after all attacks.
        broken_by: for each image the name of the attack that broke it first; None where none did or none was needed.
        adversarial: `[batch, *shape]`, the image that breaks the model where there is one, otherwise the original.
    """

    clean: Bool[Tensor, " batch"]
    right: Bool[Tensor, " batch"]
    broken_by: list[str | None]
    adversarial: Float[Tensor, "batch *shape"]

    @property
    def robust_accuracy(self) -> Proportion:
        """The proportion of images that no attack broke: an upper bound of the true robust accuracy."""
        return Proportion(int(self.right.sum()), len(self.right))


def worst_case(
    model: nn.Module,
    images: Float[Tensor, "batch *shape"],
    labels: Int[Tensor, " batch"],
    attacks: Mapping[str, Attack],
) -> WorstCase:
    """Runs attacks in the given order; an image counts as right only if it survives all of them.

    The worst case is taken for each image, not for each batch or attack. An image that is already broken is not
    attacked again. Every verdict is the model's own, on the image that the attack returned.

    Args:
        model: takes pixels in [0, 1], returns logits `[batch, classes]`.
        images: `[batch, *shape]`, in [0, 1].
        labels: `[batch]`, the true classes.
        attacks: attacks with their options set, by name, for example `{"FGSM": partial(fgsm, epsilon=0.1)}`.

    Raises:
        ValueError: the numbers of images and labels differ, or there are no images; also what an attack raises.

    Source: Carlini et al. 2019 (arXiv 1902.06705): the worst case for each example.
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
    """The proportion of images that the attack turned wrong, among those classified correctly before.

    The denominator counts what the model got right: its own errors are not the attacker's success.

    Args:
        clean: `[batch]`, True for images classified correctly before the attack.
        attacked: `[batch]`, True for images classified correctly under the attack.

    Raises:
        ValueError: the shapes differ, or no image was classified correctly before.

    Source: advlab's own choice of denominator; papers differ. Interval: Wilson 1927.
    """
    if clean.shape != attacked.shape:
        raise ValueError(f"clean and attacked must be of the same images, got {len(clean)} and {len(attacked)}")
    return Proportion(int((clean & ~attacked).sum()), int(clean.sum()))


def distances(
    model: nn.Module,
    images: Float[Tensor, "batch *shape"],
    labels: Int[Tensor, " batch"],
    adversarial: Float[Tensor, "batch *shape"],
    norm: Literal["Linf", "L2"],
) -> Float[Tensor, " batch"]:
    """The size of the change that makes each image misclassified; infinity where it is still classified correctly.

    This is an upper bound of the distance to the nearest error. The proportion of distances above epsilon is the robust
    accuracy at epsilon, for every epsilon at once.

    Args:
        model: takes pixels in [0, 1], returns logits `[batch, classes]`.
        images: `[batch, *shape]`, the originals, in [0, 1].
        labels: `[batch]`, the true classes.
        adversarial: `[batch, *shape]`, what an attack made of them.
        norm: "Linf" or "L2".

    Returns:
        `[batch]`, in pixel units.

    Raises:
        ValueError: an empty batch.

    Source: advlab's own: the definition, with infinity for failures so that no image drops out of a curve.
    """
    change = (adversarial - images).flatten(1)
    sizes = change.abs().amax(1) if norm == "Linf" else change.norm(dim=1)
    return torch.where(predict(model, adversarial) == labels, torch.inf, sizes)


class Paired(TypedDict):
    """Numbers of images right under only one of two treatments, and the p-value of McNemar's exact test.

    p is the probability of a split at least as uneven if neither treatment were stronger.
    """

    only_first: int
    only_second: int
    p: float


def paired(first: Bool[Tensor, " batch"], second: Bool[Tensor, " batch"]) -> Paired:
    """McNemar's exact test of two attacks, or two models, on the same images.

    Args:
        first: `[batch]`, True for images classified correctly under the first treatment.
        second: `[batch]`, True for images classified correctly under the second.

    Returns:
        The numbers of images right under only the first and only the second, and the two-sided p-value.

    Raises:
        ValueError: the shapes differ.

    Source: McNemar 1947, in its exact binomial form, as computed by scipy.

    >>> right = torch.tensor([True] * 90 + [False] * 10)
    >>> paired(right, torch.zeros(100, dtype=torch.bool))["p"] < 1e-20
    True
    """
    if first.shape != second.shape:
        raise ValueError(f"first and second must be of the same images, got {len(first)} and {len(second)}")
    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    from scipy.stats import binomtest

    # McNemar's exact test: of the images that only one of the two gets right, either should get half.
    differing = only_first + only_second
    p = float(binomtest(only_first, differing).pvalue) if differing else 1.0
    return Paired(only_first=only_first, only_second=only_second, p=p)
