"""Baselines for the defenses: the model without any, and the pixel values that they act on."""

from __future__ import annotations

from typing import Any

import torch

from advlab.attacks import fgsm, pgd
from advlab.attacks.losses import margin
from advlab.attacks.until_broken import pgd_until_broken
from advlab.chapters.preprocessing.flips import crossing
from advlab.chapters.preprocessing.measure import (
    EPSILONS,
    FURTHER,
    LARGE,
    STATIC_STEPS,
    STEPS,
    chosen,
    fresh_generator,
    standard,
    standard_only,
)
from advlab.chapters.shared.evidence import reported
from advlab.engine.cache.profile import Profile
from advlab.engine.chapter import measurement
from advlab.evaluation import predict

#: Bars of the histogram; an odd number, so that the middle one is centred on one half.
BARS = 25


@measurement(trainings=standard_only)
def undefended(profile: Profile) -> dict[str, Any]:
    """Accuracy of the standard model with nothing in front of it, on the static images and under PGD on the margin."""
    (test, index), model = chosen(profile), standard(profile)
    x, y = test.images, test.labels
    right = {"clean": predict(model, x) == y}
    for epsilon in EPSILONS:
        made = {
            "FGSM": fgsm(model, x, y, epsilon),
            "PGD, static": pgd(model, x, y, epsilon, generator=fresh_generator(), steps=STATIC_STEPS),
            "PGD": pgd_until_broken(model, x, y, epsilon, generator=fresh_generator(), steps=STEPS, loss=margin),
        }
        right |= {f"{what}, {epsilon:g}": predict(model, images) == y for what, images in made.items()}
    return reported(index, y, right) | {"steps": STEPS}


@measurement
def pixels(profile: Profile) -> dict[str, Any]:
    """How often each grey level occurs, and how many pixels a change can carry across one half, by epsilon."""
    x = chosen(profile)[0].images
    counts = {f"{epsilon:g}": crossing(x, epsilon).flatten(1).sum(1).float() for epsilon in (*EPSILONS, *FURTHER)}
    shares = torch.histc(x, BARS, 0, 1) / x.numel()
    extreme = (x <= EPSILONS[0]) | (x >= 1 - EPSILONS[0])
    return {
        "movable": {name: {"mean": float(of.mean()), "most": int(of.max())} for name, of in counts.items()},
        "pixels": x[0].numel(),
        "black or white": float(extreme.float().mean()),
        "histogram": shares.tolist(),
        "edges": torch.linspace(0, 1, BARS + 1).tolist(),
        "epsilon": LARGE,
        "n": len(x),
    }
