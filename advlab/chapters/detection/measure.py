"""What the page on detection measures: each detector under attacks that do not know it, then under one that does."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from advlab import zoo
from advlab.attacks import fgsm, pgd
from advlab.data import Dataset, indices, mnist
from advlab.defenses import (
    Detector,
    accuracy_after_rejection,
    judged,
    precision_at,
    roc,
    threshold,
)
from advlab.engine.cache.computation import Computation
from advlab.engine.cache.profile import Profile
from advlab.engine.chapter import measurement
from advlab.evaluation import Proportion

#: Numbers of test images under attack, and of others on which the limit is set.
IMAGES, CALIBRATION = 500, 1000
#: In pixel units, L-infinity.
EPSILON = 0.3
FALSE_POSITIVES = 0.05
#: Steps of the PGD that does not know the detector.
STATIC_STEPS = 20
#: Points of a drawn curve.
POINTS = 60
SEED = 1705
#: The share of attacks that the detector in the example of rare attacks flags, and two shares of false alarms.
TRUE_POSITIVES, ALARMS = 0.95, (0.05, 0.01)
BASE_RATE, IMAGES_A_DAY = 1e-4, 1_000_000

Result = dict[str, Any]


def standard_only(profile: Profile) -> list[Computation]:
    """The training of the model that is guarded."""
    return [zoo.training(zoo.for_profile(zoo.STANDARD, profile))]


def standard(profile: Profile) -> nn.Module:
    """The model that is guarded."""
    return zoo.trained(zoo.for_profile(zoo.STANDARD, profile))


def fresh_generator() -> torch.Generator:
    """A new generator with the page's seed, for each attack."""
    return torch.Generator().manual_seed(SEED)


def chosen(profile: Profile) -> tuple[Dataset, Tensor, Tensor]:
    """Test images to attack, their places in the test set, and other test images to set the limit on.

    The full profile attacks all images that the limit does not need.
    """
    whole = mnist("test")
    n = len(whole) - CALIBRATION if profile.slow_images > 1000 else min(IMAGES, profile.slow_images)
    index = indices(n)
    others = torch.ones(len(whole), dtype=torch.bool)
    others[index] = False
    rest = whole.images[others]
    drawn = torch.randperm(len(rest), generator=fresh_generator())[:CALIBRATION]
    return Dataset(whole.images[index], whole.labels[index]), index, rest[drawn]


def share(of: Tensor) -> dict[str, float | int]:
    """The share of true verdicts, with its interval."""
    return Proportion(int(of.sum()), len(of)).to_json()


class Judge:
    """A detector with its limit set on clean images, which gives a verdict on each image.

    Args:
        detector: the detector, with its model.
        calibration: clean images that nothing was fitted on.
    """

    def __init__(self, detector: Detector, calibration: Tensor) -> None:
        self.detector = detector
        scores = judged(detector, calibration)[1]
        self.limit = threshold(scores, FALSE_POSITIVES)
        self.spread = float(scores.std())

    def __call__(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """For each image: classified as labelled; flagged; and its score."""
        logits, scores = judged(self.detector, images)
        return logits.argmax(1) == labels, scores > self.limit, scores


def under_static_attacks(judge: Judge, test: Dataset, index: Tensor) -> Result:
    """Clean images, FGSM and PGD made on the model alone: accuracy, what is flagged, and the curves."""
    x, y = test.images, test.labels
    model = judge.detector.model
    attacked = {
        "FGSM": fgsm(model, x, y, EPSILON),
        "PGD": pgd(model, x, y, EPSILON, generator=fresh_generator(), steps=STATIC_STEPS),
    }
    right, flagged, clean_scores = judge(x, y)
    found: Result = {
        "n": len(test),
        "calibration": CALIBRATION,
        "epsilon": EPSILON,
        "limit": judge.limit,
        "clean": {"flagged": share(flagged), "right": share(right), "right and not flagged": share(right & ~flagged)},
    }
    evidence = [index, y, right, flagged]
    columns = ["index", "label", "clean: right", "clean: flagged"]
    for name, images in attacked.items():
        right, flagged, scores = judge(images, y)
        curve = roc(clean_scores, scores)
        found[name] = {
            "accuracy": share(right),
            "flagged": share(flagged),
            "after rejection": accuracy_after_rejection(right, flagged).to_json(),
            "area": curve.area,
            "curve": thinned(curve.false_positives, curve.true_positives),
        }
        evidence += [right, flagged]
        columns += [f"{name}: right", f"{name}: flagged"]
    return found | {"evidence": {"columns": columns, "images": torch.stack([of.long() for of in evidence], 1).tolist()}}


def thinned(across: Tensor, up: Tensor) -> list[list[float]]:
    """At most `POINTS` points of a curve, its ends among them; shares with four decimals."""
    places = torch.linspace(0, len(across) - 1, min(POINTS, len(across))).round().long().unique()
    return [[round(float(a), 4), round(float(b), 4)] for a, b in zip(across[places], up[places], strict=True)]


@measurement
def base_rates(profile: Profile) -> Result:
    """The share of alarms that are true, by how rare attacks are: Bayes' rule for a detector that flags 95% of them."""
    rates = [10.0**-power for power in range(1, 7)]
    return {
        "true positives": TRUE_POSITIVES,
        "base rate": BASE_RATE,
        "one in": round(1 / BASE_RATE),
        "alarms": {f"{fp:g}": fp for fp in ALARMS},
        "base rates": rates,
        "precision": {f"{fp:g}": [precision_at(TRUE_POSITIVES, fp, rate) for rate in rates] for fp in ALARMS},
        "at base rate": {f"{fp:g}": precision_at(TRUE_POSITIVES, fp, BASE_RATE) for fp in ALARMS},
        "false alarms a day": {f"{fp:g}": round(fp * (1 - BASE_RATE) * IMAGES_A_DAY) for fp in ALARMS},
        "attacks a day": round(BASE_RATE * IMAGES_A_DAY),
        "images a day": IMAGES_A_DAY,
    }
