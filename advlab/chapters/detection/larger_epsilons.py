"""Larger epsilons for the detector that holds at the book's, and how few pixels can cross the middle."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from advlab.attacks import pgd
from advlab.attacks.losses import margin
from advlab.chapters.detection import detectors
from advlab.chapters.detection.evaded import IN_LOGITS, evaded
from advlab.chapters.detection.measure import (
    EPSILON,
    STATIC_STEPS,
    Judge,
    chosen,
    fresh_generator,
    share,
    standard,
    standard_only,
)
from advlab.defenses import BitDepth, Preprocessed, accuracy_after_rejection, through
from advlab.engine.cache.profile import Profile
from advlab.engine.chapter import measurement
from advlab.evaluation import predict

Result = dict[str, Any]
#: In pixel units; the defense begins to give way at the first one beyond `EPSILON`.
LARGER = (0.4, 0.45, 0.5)
MIDDLE = 0.5


@measurement(trainings=standard_only)
def growing(profile: Profile) -> Result:
    """The detector by one bit and median at larger epsilons, under PGD on the model and under the joint attack."""
    test, _, calibration = chosen(profile)
    x, y = test.images, test.labels
    judge = Judge(detectors.squeezers(standard(profile)), calibration)
    rows: Result = {}
    for epsilon in LARGER:
        static = pgd(judge.detector.model, x, y, epsilon, generator=fresh_generator(), steps=STATIC_STEPS)
        right, flagged, _ = judge(static, y)
        both, _ = evaded(judge, test, IN_LOGITS, epsilon)
        rows[f"{epsilon:g}"] = {
            "PGD on the model": accuracy_after_rejection(right, flagged).to_json(),
            "attack on both": both["after rejection"],
        }
    return {"n": len(test), "epsilons": rows}


@measurement(trainings=standard_only)
def black_and_white(profile: Profile) -> Result:
    """How many pixels can cross the middle, and accuracy under PGD behind one bit alone, without a detector."""
    test, _, _ = chosen(profile)
    x, y = test.images, test.labels
    binary = Preprocessed(BitDepth(1), standard(profile))
    attacked = pgd(through(binary), x, y, EPSILON, generator=fresh_generator(), steps=2 * STATIC_STEPS, loss=margin)
    return {
        "n": len(test),
        "epsilon": EPSILON,
        "can cross": {f"{epsilon:g}": crossing(x, epsilon) for epsilon in (EPSILON, *LARGER)},
        "clean": share(predict(binary, x) == y),
        "PGD, straight through": share(predict(binary, attacked) == y),
        "of": x[0].numel(),
    }


def crossing(images: Tensor, epsilon: float) -> float:
    """The mean number of pixels of an image that lie less than epsilon from the middle between black and white."""
    return float(((images - MIDDLE).abs() < epsilon).flatten(1).sum(1).float().mean())
