"""Each detector of the page, evaluated as its authors did and by the attack on model and detector together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from advlab.attacks.ball import Norm
from advlab.chapters.detection import detectors
from advlab.chapters.detection.measure import (
    EPSILON,
    Judge,
    chosen,
    fresh_generator,
    share,
    standard,
    standard_only,
    under_static_attacks,
)
from advlab.data import Dataset
from advlab.defenses import Detector, Guarded, evading_pgd
from advlab.engine.cache.profile import Profile
from advlab.engine.chapter import measurement

Result = dict[str, Any]


@dataclass(frozen=True)
class Attempt:
    """One run of the joint attack.

    Args:
        spread: the change of the detector's score that counts as one logit; None is the spread of clean scores.
        steps: gradient steps.
        step_size: in pixel units, of the norm of `along`; None is the attack's own.
        along: the norm of the steepest step; None is L-infinity.
        shrinking: whether the step size falls to nothing.
    """

    spread: float | None = None
    steps: int = 60
    step_size: float | None = None
    along: Norm | None = None
    shrinking: bool = False


#: Attempts against Gaussians in early layers, which easily see that every pixel has moved.
SOFTLY = (
    Attempt(spread=1.0, steps=200, step_size=2.0, along="L2", shrinking=True),
    Attempt(spread=0.3, steps=200, step_size=3.0, along="L2", shrinking=True),
    Attempt(spread=1.0, steps=200, step_size=4.0, along="L2", shrinking=True),
)
ALONG_SIGNS = (Attempt(steps=40), Attempt(spread=1.0, steps=40))
PLAINLY = (Attempt(),)
#: The second run goes on where the first ends, with the score weighed as logits are.
AND_AGAIN = (Attempt(), Attempt(spread=1.0))
#: Attempts where the detector's gradient is in units of logits (`advlab.defenses.Consistency`).
IN_LOGITS = (Attempt(spread=1.0, steps=40),)


def evaded(judge: Judge, test: Dataset, attempts: tuple[Attempt, ...], epsilon: float) -> tuple[Result, list[Tensor]]:
    """Results after the joint attack: each attempt goes on with the images that stand, the last one decides.

    Returns shares, and verdicts on each image: classified as labelled, flagged.
    """
    x, y = test.images, test.labels
    found, standing = x.clone(), torch.arange(len(test))
    for attempt in attempts:
        guarded = Guarded(judge.detector, judge.limit, attempt.spread or judge.spread)
        found[standing] = evading_pgd(
            guarded,
            x[standing],
            y[standing],
            epsilon,
            generator=fresh_generator(),
            steps=attempt.steps,
            step_size=attempt.step_size,
            along=attempt.along,
            shrinking=attempt.shrinking,
        )
        right, flagged, _ = judge(found, y)
        standing = torch.nonzero(right | flagged)[:, 0]
        if len(standing) == 0:
            break
    shares = {"after rejection": share(right | flagged), "flagged": share(flagged), "accuracy": share(right)}
    return shares | {"steps": sum(attempt.steps for attempt in attempts)}, [right, flagged]


def judged_both_ways(detector: Detector, profile: Profile, attempts: tuple[Attempt, ...]) -> Result:
    """Results of a detector under attacks that do not know it and under the one that does."""
    test, index, calibration = chosen(profile)
    judge = Judge(detector, calibration)
    found = under_static_attacks(judge, test, index)
    found["joint"], verdicts = evaded(judge, test, attempts, EPSILON)
    evidence = found["evidence"]
    evidence["columns"] += ["joint: right", "joint: flagged"]
    pairs = torch.stack([of.long() for of in verdicts], 1).tolist()
    evidence["images"] = [row + pair for row, pair in zip(evidence["images"], pairs, strict=True)]
    return found


@measurement(trainings=standard_only)
def mahalanobis(profile: Profile) -> Result:
    """The detector by Gaussians of three layers' activations, under FGSM, PGD and the joint attack."""
    return judged_both_ways(detectors.mahalanobis(standard(profile), profile), profile, SOFTLY)


@measurement(trainings=standard_only)
def by_signs(profile: Profile) -> Result:
    """The detector by Gaussians under joint attacks that step along signs, as PGD does, at two weights of the score."""
    test, _, calibration = chosen(profile)
    judge = Judge(detectors.mahalanobis(standard(profile), profile), calibration)
    return {"n": len(test), "epsilon": EPSILON, "joint": evaded(judge, test, ALONG_SIGNS, EPSILON)[0]}


@measurement(trainings=standard_only)
def density(profile: Profile) -> Result:
    """The detector by kernel density in the last hidden layer, under FGSM, PGD and the joint attack."""
    return judged_both_ways(detectors.density(standard(profile), profile), profile, PLAINLY)


@measurement(trainings=standard_only)
def network(profile: Profile) -> Result:
    """The detector by a second network, trained here on FGSM's images, under FGSM, PGD and the joint attack."""
    return judged_both_ways(detectors.network(standard(profile), profile), profile, AND_AGAIN)


@measurement(trainings=standard_only)
def consistency(profile: Profile) -> Result:
    """The detector by agreement with the answer to a smoothed copy, under FGSM, PGD and the joint attack."""
    return judged_both_ways(detectors.lone_filter(standard(profile)), profile, IN_LOGITS)


@measurement(trainings=standard_only)
def squeezers(profile: Profile) -> Result:
    """The detector by agreement on a black-and-white and a smoothed copy, under FGSM, PGD and the joint attack."""
    return judged_both_ways(detectors.squeezers(standard(profile)), profile, IN_LOGITS)
