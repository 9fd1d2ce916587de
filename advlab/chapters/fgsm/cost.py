"""The number of adversarial images per second that one thread of this machine makes."""

from __future__ import annotations

import statistics
import time
from typing import Any

from advlab import zoo
from advlab.attacks import fgsm
from advlab.chapters.fgsm.measure import only_first
from advlab.data import subset
from advlab.engine.cache.profile import Profile
from advlab.engine.chapter import measurement
from advlab.evaluation import logits

ROUNDS = 5
IMAGES = 500
EPSILON = 0.1  # pixel units; the time does not depend on it


@measurement(trainings=only_first)
def speed(profile: Profile) -> dict[str, Any]:
    """Adversarial images per second of `fgsm`, by the wall clock, on one thread of the machine of this build."""
    model = zoo.trained(zoo.for_profile(zoo.STANDARD, profile))
    test = subset(min(IMAGES, profile.test_images or IMAGES))
    rates, forward = [], []
    for round_number in range(ROUNDS + 1):
        started = time.perf_counter()
        logits(model, test.images)
        between = time.perf_counter()
        fgsm(model, test.images, test.labels, EPSILON)
        ended = time.perf_counter()
        if round_number:  # the first round only warms up
            rates.append(len(test) / (ended - between))
            forward.append(len(test) / (between - started))
    return {
        "images a second": statistics.median(rates),
        "slowest": min(rates),
        "fastest": max(rates),
        "classified a second": statistics.median(forward),
        "n": len(test),
        "rounds": ROUNDS,
    }
