"""What all detectors of adversarial images have in common, and how they are judged.

A detector flags what scores above a limit. The limit is set on clean images alone, by the share of false alarms that
one is ready to bear; no adversarial image is seen for it.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from scipy.stats import mannwhitneyu
from torch import Tensor, nn

from advlab.evaluation import Proportion
from advlab.models.inference import CHUNK, device_of, evaluation_mode


class Detector(nn.Module, ABC):
    """Stands beside a model: for each image the model's logits and how suspicious the image is.

    Scores have units of their own; higher is more suspicious. They are differentiable in the images unless the class
    says otherwise.

    Args:
        model: the one that is guarded; takes pixels in [0, 1], returns logits.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    @abstractmethod
    def forward(
        self, images: Float[Tensor, "batch *shape"]
    ) -> tuple[Float[Tensor, "batch classes"], Float[Tensor, " batch"]]:
        """Logits and scores."""

    def score(self, images: Float[Tensor, "batch *shape"]) -> Float[Tensor, " batch"]:
        """The scores alone."""
        scores: Tensor = self(images)[1]
        return scores

    def through(self) -> "Detector":
        """What an attacker differentiates in its stead: the same scores, with a gradient that is of use."""
        return self


def judged(
    detector: Detector, images: Float[Tensor, "batch *shape"]
) -> tuple[Float[Tensor, "batch classes"], Float[Tensor, " batch"]]:
    """Logits and scores in evaluation mode, without gradients, in small chunks; on the images' device.

    Raises:
        ValueError: an empty batch.
    """
    if len(images) == 0:
        raise ValueError("empty batch: there is no image to judge")
    device = device_of(detector)
    with evaluation_mode(detector), torch.no_grad():
        pairs = [detector(chunk.to(device)) for chunk in images.split(CHUNK)]
    logits, scores = (torch.cat(parts).to(images.device) for parts in zip(*pairs, strict=True))
    return logits, scores


def threshold(scores_clean: Float[Tensor, " n"], false_positives: float = 0.05) -> float:
    """The lowest limit above which at most this share of the clean scores lies.

    It is one of the scores, so that no interpolation is needed; ties only lower the share of false alarms.

    Args:
        scores_clean: of clean images that neither the model nor the detector was fitted on.
        false_positives: the share of clean images that may be flagged, in (0, 1).

    Raises:
        ValueError: the share lies outside (0, 1), a score is not finite, or there are too few scores: fewer than one
            false alarm would be allowed.

    >>> threshold(torch.arange(100.0), 0.05)
    94.0
    """
    if not 0 < false_positives < 1:
        raise ValueError(f"false_positives is a share in (0, 1), got {false_positives}: percent?")
    _check_scores("scores_clean", scores_clean)
    allowed = int(false_positives * len(scores_clean) + 1e-9)  # 0.07 * 100 is 7.000000000000001, 0.29 * 100 below 29
    if allowed < 1:
        raise ValueError(f"{len(scores_clean)} scores are too few for a limit that {false_positives:g} of them exceed")
    return float(scores_clean.sort(descending=True).values[allowed])


@dataclass(frozen=True)
class Curve:
    """What every limit would do, from none flagged to all flagged (receiver operating characteristic).

    Args:
        false_positives: the share of clean images flagged, ascending from 0 to 1.
        true_positives: the share of adversarial images flagged at the same limit.
        area: the chance that an adversarial image scores higher than a clean one, ties counting half; 0.5 is a guess.
    """

    false_positives: Float[Tensor, " limits"]
    true_positives: Float[Tensor, " limits"]
    area: float


def roc(scores_clean: Float[Tensor, " n"], scores_adversarial: Float[Tensor, " m"]) -> Curve:
    """The curve of a detector, with one point for each score that occurs, and the exact area under it (Mann-Whitney).

    Raises:
        ValueError: no scores of one kind, or scores that are not finite.
    """
    _check_scores("scores_clean", scores_clean)
    _check_scores("scores_adversarial", scores_adversarial)
    limits = torch.cat([scores_clean, scores_adversarial]).unique().flip(0)
    shares = []
    for scores in (scores_clean, scores_adversarial):
        ascending = scores.sort().values
        above = len(scores) - torch.searchsorted(ascending, limits)  # at or above each limit
        shares.append(torch.cat([above.new_zeros(1), above]) / len(scores))
    pairs = len(scores_clean) * len(scores_adversarial)
    higher = mannwhitneyu(scores_adversarial.double().cpu(), scores_clean.double().cpu()).statistic
    return Curve(shares[0], shares[1], float(higher) / pairs)


def _check_scores(name: str, scores: Tensor) -> None:
    if len(scores) == 0 or not scores.isfinite().all():
        raise ValueError(f"{name} must be finite and one at least; got {len(scores)}")


def accuracy_after_rejection(right: Bool[Tensor, " batch"], flagged: Bool[Tensor, " batch"]) -> Proportion:
    """The share of adversarial images that do no harm: classified right, or flagged.

    An image counts as broken only if it is misclassified *and* not flagged (Tramer et al. 2020, arXiv 2002.08347, judge
    detectors so). That is to the defender's favour where a flagged image costs something; on clean images, therefore,
    say how many are classified right and *not* flagged.

    Args:
        right: which images the model classifies as labelled.
        flagged: which the detector flags, at the limit that `threshold` set.

    Raises:
        ValueError: shapes differ, or no image.
    """
    if right.shape != flagged.shape:
        raise ValueError(f"verdicts on {len(right)} images by the model, on {len(flagged)} by the detector")
    return Proportion(int((right | flagged).sum()), len(right))


def precision_at(true_positive_rate: float, false_positive_rate: float, base_rate: float) -> float:
    """Of the images that are flagged, the share that really is adversarial (Bayes' rule).

    Args:
        true_positive_rate: the share of adversarial images that is flagged, in [0, 1].
        false_positive_rate: the share of clean images that is flagged, in [0, 1].
        base_rate: the share of all images that is adversarial, in [0, 1].

    Raises:
        ValueError: a share outside [0, 1], or nothing is ever flagged.

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
            raise ValueError(f"{name} is a share in [0, 1], got {value}: percent?")
    alarms, false_alarms = true_positive_rate * base_rate, false_positive_rate * (1 - base_rate)
    if alarms + false_alarms == 0:
        raise ValueError("nothing is ever flagged at these rates: there is no precision to speak of")
    return alarms / (alarms + false_alarms)
