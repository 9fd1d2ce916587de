"""Monitoring of a deployed model: its confidence, the calibration of that confidence, and its change over time.

None of this makes a model robust. All of it reads only logits, so an attacker who knows it can aim at it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import cross_entropy

#: Number of equal bins of confidence, as in Guo et al. 2017.
BINS = 15


def confidences(logits: Float[Tensor, "batch classes"], temperature: float = 1.0) -> Float[Tensor, " batch"]:
    """The probability that the model assigns to its own answer, in float64, because float32 would round it to one.

    Args:
        logits: `[batch, classes]`, of any scale.
        temperature: divides the logits, above 0; it never changes the answer.

    Returns:
        `[batch]`, in (0, 1].

    Raises:
        ValueError: `temperature` is not above 0, or the batch is empty.

    Source: Guo et al. 2017 (arXiv 1706.04599): the largest softmax probability, with temperature scaling.

    >>> confidences(torch.tensor([[0.0, 0.0], [9.0, 0.0]])).round(decimals=4).tolist()
    [0.5, 0.9999]
    """
    if not temperature > 0:
        raise ValueError(f"temperature must be above 0, got {temperature:g}")
    if len(logits) == 0:
        raise ValueError("empty batch: logits must hold at least one row")
    return (logits.double() / temperature).softmax(dim=1).amax(dim=1)


def fit_temperature(logits: Float[Tensor, "batch classes"], labels: Int[Tensor, " batch"]) -> float:
    """The temperature that makes the labels most likely; fit it on images that were not used for training.

    The loss is convex in 1/T, so there is one best temperature or none. There is none where every answer is right,
    because the loss then keeps falling as the temperature does, nor where the logits carry no information about the
    labels, because it then falls as the temperature rises.

    Args:
        logits: `[batch, classes]`, of any scale.
        labels: `[batch]`, the true classes.

    Returns:
        The temperature, above 0.

    Raises:
        ValueError: there is no best temperature, the batch is empty, or the numbers of logits and labels differ.

    Source: Guo et al. 2017 (arXiv 1706.04599).
    """
    if len(logits) == 0 or len(logits) != len(labels):
        raise ValueError(f"logits and labels need one length, at least 1; got {len(logits)} and {len(labels)}")
    logits = logits.double()
    if bool((logits.argmax(dim=1) == labels).all()):
        raise ValueError("no best temperature exists: every answer is right; take more images")
    truth = logits.gather(1, labels.long()[:, None])[:, 0]
    if float((truth - logits.mean(dim=1)).mean()) <= 0:
        raise ValueError("no best temperature exists: the logits do not favour the labels; are both of the same data?")

    def loss(inverse: float) -> float:
        return float(cross_entropy(logits * inverse, labels.long()))

    from scipy.optimize import minimize_scalar

    highest = 1.0
    while loss(2 * highest) < loss(highest):  # convex: after the first rise there is no other minimum
        highest *= 2
    best = minimize_scalar(loss, bounds=(0.0, 2 * highest), method="bounded", options={"xatol": 1e-9 * highest})
    return 1.0 / float(best.x)


@dataclass(frozen=True)
class Bin:
    """Answers of similar confidence: their number, mean confidence and accuracy (both NaN if there are none).

    Args:
        n: number of answers.
        confidence: their mean confidence, in [0, 1].
        accuracy: the fraction that is right, in [0, 1].
    """

    n: int
    confidence: float
    accuracy: float


def reliability(confidence: Float[Tensor, " batch"], right: Bool[Tensor, " batch"], bins: int = BINS) -> list[Bin]:
    """Answers sorted into equal bins of confidence: the points of a reliability diagram.

    Bins are open below and closed above; the first also holds 0.

    Args:
        confidence: `[batch]`, in [0, 1].
        right: `[batch]`, True for correct answers.
        bins: number of bins, at least 1.

    Returns:
        One entry for each bin, by rising confidence.

    Raises:
        ValueError: fewer than one bin, an empty batch, lengths that differ, or confidences outside [0, 1].

    Source: Guo et al. 2017 (arXiv 1706.04599).
    """
    if bins < 1:
        raise ValueError(f"bins must be at least 1, got {bins}")
    if len(confidence) == 0 or len(confidence) != len(right):
        raise ValueError(f"confidence and right need one length, at least 1; got {len(confidence)} and {len(right)}")
    if not bool(((confidence >= 0) & (confidence <= 1)).all()):
        raise ValueError("confidence must lie in [0, 1]: are these logits? Pass them to `confidences` first")
    place = ((confidence.double() * bins).ceil().long() - 1).clamp(min=0)
    count = torch.bincount(place, minlength=bins)
    total = torch.bincount(place, weights=confidence.double(), minlength=bins) / count
    good = torch.bincount(place, weights=right.double(), minlength=bins) / count
    return [Bin(*row) for row in zip(count.tolist(), total.tolist(), good.tolist(), strict=True)]


def calibration_error(confidence: Float[Tensor, " batch"], right: Bool[Tensor, " batch"], bins: int = BINS) -> float:
    """The expected calibration error (ECE): the mean gap between confidence and accuracy, weighted by the bins' sizes.

    Args:
        confidence: `[batch]`, in [0, 1].
        right: `[batch]`, True for correct answers.
        bins: number of bins, at least 1.

    Returns:
        A number in [0, 1]; 0 where every bin is right as often as its confidence says.

    Raises:
        ValueError: fewer than one bin, an empty batch, lengths that differ, or confidences outside [0, 1].

    Source: Guo et al. 2017 (arXiv 1706.04599), who use it with 15 bins.
    """
    found = [one for one in reliability(confidence, right, bins) if one.n]
    return sum(one.n * abs(one.confidence - one.accuracy) for one in found) / len(confidence)


class DriftMonitor:
    """Compares windows of recent confidences with a reference from normal operation, by the Kolmogorov-Smirnov test.

    Args:
        reference: `[n]`, confidences on clean images that were not used for training; the more, the better.
        false_alarms: the fraction of normal windows that may raise an alarm, in (0, 1).

    Raises:
        ValueError: `reference` is empty, or `false_alarms` lies outside (0, 1).

    Source: Kolmogorov 1933, Smirnov 1939; for shifts of a model's outputs, Rabanser et al. 2019 (arXiv 1810.11953).
    """

    def __init__(self, reference: Float[Tensor, " n"], false_alarms: float = 0.01) -> None:
        if len(reference) == 0:
            raise ValueError("reference is empty: a monitor needs confidences from normal operation to compare with")
        if not 0 < false_alarms < 1:
            raise ValueError(f"false_alarms must be a fraction between 0 and 1, got {false_alarms:g}")
        self.reference = reference.double().sort().values.numpy()
        self.false_alarms = false_alarms

    def p_value(self, window: Float[Tensor, " n"]) -> float:
        """Probability that two samples of one distribution differ at least as much as this window and the reference.

        Args:
            window: `[n]`, recent confidences.

        Raises:
            ValueError: the window is empty.
        """
        from scipy.stats import kstwo

        n, m = len(self.reference), len(window)
        return float(kstwo.sf(self.distance(window), round(n * m / (n + m))))

    def distance(self, window: Float[Tensor, " n"]) -> float:
        """The largest distance between the two empirical distribution functions, in [0, 1].

        Args:
            window: `[n]`, recent confidences.

        Raises:
            ValueError: the window is empty.
        """
        if len(window) == 0:
            raise ValueError("window is empty: there is nothing to compare")
        points, count = np.unique(window.double().numpy(), return_counts=True)
        behind = count.cumsum() / len(window)
        before = behind - count / len(window)
        # Between two points of the window its distribution function is constant: the largest gap is at or before one.
        quiet = [np.searchsorted(self.reference, points, side=side) / len(self.reference) for side in ("left", "right")]
        return float(max(np.abs(quiet[0] - before).max(), np.abs(quiet[1] - behind).max()))

    def alarm(self, window: Float[Tensor, " n"]) -> bool:
        """True if the window differs more than `false_alarms` allows.

        Args:
            window: `[n]`, recent confidences.

        Raises:
            ValueError: the window is empty.
        """
        return self.p_value(window) < self.false_alarms
