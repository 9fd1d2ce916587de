"""What all detectors of adversarial images have in common, and how they are judged.

A detector flags images that score above a limit. The limit is set on clean images alone, by the fraction of false
alarms that is acceptable; no adversarial image is used for it.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from advlab.evaluation import Proportion
from advlab.models.inference import CHUNK, device_of, evaluation_mode


class Detector(nn.Module, ABC):
    """A model together with a score of how suspicious each image is.

    Each detector's scores have units of their own; higher is more suspicious. They are differentiable in the images
    unless the class says otherwise.

    Args:
        model: the guarded model; takes pixels in [0, 1], returns logits.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    @abstractmethod
    def forward(
        self, images: Float[Tensor, "batch *shape"]
    ) -> tuple[Float[Tensor, "batch classes"], Float[Tensor, " batch"]]:
        """Logits [batch, classes] and scores [batch]."""

    def score(self, images: Float[Tensor, "batch *shape"]) -> Float[Tensor, " batch"]:
        """Scores alone, [batch]."""
        scores: Tensor = self(images)[1]
        return scores

    def through(self) -> "Detector":
        """Form of this detector for an attacker to differentiate: the same scores, with a gradient that is of use."""
        return self


def judged(
    detector: Detector, images: Float[Tensor, "batch *shape"]
) -> tuple[Float[Tensor, "batch classes"], Float[Tensor, " batch"]]:
    """Logits and scores in evaluation mode, without gradients, computed in small chunks.

    Args:
        detector: the detector with its model, on any device.
        images: [batch, *shape], in [0, 1], at least one.

    Returns:
        Logits [batch, classes] and scores [batch], on the images' device.

    Raises:
        ValueError: the batch is empty.

    Source: advlab's own: it runs a detector as `advlab.models.inference.logits` runs a model.
    """
    if len(images) == 0:
        raise ValueError("empty batch: there is no image to judge")
    device = device_of(detector)
    with evaluation_mode(detector), torch.no_grad():
        pairs = [detector(chunk.to(device)) for chunk in images.split(CHUNK)]
    logits, scores = (torch.cat(parts).to(images.device) for parts in zip(*pairs, strict=True))
    return logits, scores


def threshold(scores_clean: Float[Tensor, " n"], false_positives: float = 0.05) -> float:
    """Lowest score such that at most a fraction `false_positives` of the clean scores lies above it.

    The limit is itself one of the scores, so no interpolation is needed; ties only lower the fraction of false alarms.

    Args:
        scores_clean: [n], finite, of clean images on which neither the model nor the detector was fitted.
        false_positives: fraction of clean images that may be flagged, in (0, 1).

    Returns:
        The limit, in the detector's units; images that score above it are flagged.

    Raises:
        ValueError: false_positives is outside (0, 1); there is no score or one is not finite; there are so few scores
            that not one false alarm would be allowed.

    Source: advlab's own: the empirical quantile without interpolation, so that the fraction is never exceeded.

    >>> threshold(torch.arange(100.0), 0.05)
    94.0
    """
    if not 0 < false_positives < 1:
        raise ValueError(f"false_positives must be a fraction in (0, 1), got {false_positives}: in per cent?")
    _check_scores("scores_clean", scores_clean)
    allowed = int(false_positives * len(scores_clean) + 1e-9)  # 0.07 * 100 is 7.000000000000001, 0.29 * 100 below 29
    if allowed < 1:
        raise ValueError(
            f"{len(scores_clean)} scores are too few for false_positives {false_positives:g}: "
            "not one false alarm would be allowed"
        )
    return float(scores_clean.sort(descending=True).values[allowed])


@dataclass(frozen=True)
class Curve:
    """Receiver operating characteristic: what every limit would do, from none flagged to all flagged.

    Args:
        false_positives: [limits], the fraction of clean images flagged, ascending from 0 to 1.
        true_positives: [limits], the fraction of adversarial images flagged at the same limit.
        area: the area under the curve, in [0, 1]: the probability that an adversarial image scores higher than a clean
            one, ties counting half; guessing gives 0.5.

    Source: the area is the statistic U of Mann, Whitney 1947, divided by the number of pairs.
    """

    false_positives: Float[Tensor, " limits"]
    true_positives: Float[Tensor, " limits"]
    area: float


def roc(scores_clean: Float[Tensor, " n"], scores_adversarial: Float[Tensor, " m"]) -> Curve:
    """Receiver operating characteristic of a detector, one point per distinct score, and the exact area under it.

    Args:
        scores_clean: [n], finite, at least one.
        scores_adversarial: [m], finite, at least one.

    Raises:
        ValueError: there is no score of one kind, or one is not finite.

    Source: Mann, Whitney 1947 for the area: their statistic U, divided by the number of pairs.
    """
    _check_scores("scores_clean", scores_clean)
    _check_scores("scores_adversarial", scores_adversarial)
    limits = torch.cat([scores_clean, scores_adversarial]).unique().flip(0)
    shares = []
    for scores in (scores_clean, scores_adversarial):
        ascending = scores.sort().values
        above = len(scores) - torch.searchsorted(ascending, limits)  # at or above each limit
        shares.append(torch.cat([above.new_zeros(1), above]) / len(scores))
    from scipy.stats import mannwhitneyu

    pairs = len(scores_clean) * len(scores_adversarial)
    higher = mannwhitneyu(scores_adversarial.double().cpu(), scores_clean.double().cpu()).statistic
    return Curve(shares[0], shares[1], float(higher) / pairs)


def _check_scores(name: str, scores: Tensor) -> None:
    if len(scores) == 0 or not scores.isfinite().all():
        raise ValueError(
            f"{name} must be finite, and at least one; got {len(scores)}, of which {int(scores.isfinite().sum())} are "
            "finite"
        )


def accuracy_after_rejection(right: Bool[Tensor, " batch"], flagged: Bool[Tensor, " batch"]) -> Proportion:
    """Proportion of adversarial images that do no harm: classified correctly, or flagged.

    An image counts as broken only if it is misclassified *and* not flagged. This favours the defender where a flagged
    image costs something. On clean images, therefore, report how many are classified correctly and *not* flagged.

    Args:
        right: [batch], mask of images that the model classifies as labelled.
        flagged: [batch], mask of images that the detector flags, at the limit set by `threshold`.

    Raises:
        ValueError: the shapes differ, or there is no image.

    Source: Tramer et al. 2020 (arXiv 2002.08347), who judge detectors in this way.
    """
    if right.shape != flagged.shape:
        raise ValueError(
            "right and flagged must be masks of the same images, got shapes "
            f"{list(right.shape)} and {list(flagged.shape)}"
        )
    return Proportion(int((right | flagged).sum()), len(right))


def precision_at(true_positive_rate: float, false_positive_rate: float, base_rate: float) -> float:
    """Proportion of flagged images that are really adversarial (Bayes' rule).

    Args:
        true_positive_rate: the fraction of adversarial images that is flagged, in [0, 1].
        false_positive_rate: the fraction of clean images that is flagged, in [0, 1].
        base_rate: the fraction of all images that is adversarial, in [0, 1].

    Raises:
        ValueError: a rate is outside [0, 1], or nothing is ever flagged.

    Source: Bayes 1763.

    >>> round(precision_at(0.95, 0.05, 1 / 10_000), 4)
    0.0019
    """
    given = {
        "true_positive_rate": true_positive_rate,
        "false_positive_rate": false_positive_rate,
        "base_rate": base_rate,
    }
    for name, value in given.items():
        if not 0 <= value <= 1:
            raise ValueError(f"{name} must be a fraction in [0, 1], got {value}: in per cent?")
    alarms, false_alarms = true_positive_rate * base_rate, false_positive_rate * (1 - base_rate)
    if alarms + false_alarms == 0:
        raise ValueError(
            f"nothing is ever flagged at true_positive_rate {true_positive_rate:g}, false_positive_rate "
            f"{false_positive_rate:g} and base_rate {base_rate:g}: the precision is undefined"
        )
    return alarms / (alarms + false_alarms)
