"""What the page on preprocessing measures: each defense under its authors' attack, then under one made for it."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from advlab import zoo
from advlab.attacks import fgsm, pgd, square
from advlab.attacks.losses import margin
from advlab.attacks.until_broken import pgd_until_broken
from advlab.chapters.preprocessing.defenses import transformation
from advlab.chapters.preprocessing.flips import flipped
from advlab.chapters.shared.evidence import reported
from advlab.data import Dataset, indices, subset
from advlab.defenses.feature_squeezing import BitDepth
from advlab.defenses.preprocessing import Preprocessed, through
from advlab.engine.cache.computation import Computation
from advlab.engine.cache.profile import Profile
from advlab.engine.chapter import measurement
from advlab.evaluation import predict
from advlab.models.rewriting import for_attacks

IMAGES = 500
#: In pixel units.
EPSILONS = (0.1, 0.3)
LARGE = EPSILONS[-1]
#: Further epsilons for one bit. At one half, every pixel that is not quite black can be flipped.
FURTHER = (0.2, 0.4, 0.5)
#: Steps of the static attack and of BPDA. The attack on random defenses takes more steps in the larger ball, where the
#: way is longer, and may take several draws for each step; each step draws anew in any case.
STATIC_STEPS, STEPS = 10, 20
RANDOM_STEPS, DRAWS = {0.1: 8, 0.3: 16}, {"random resizing": 4}
#: Attacks on one bit: steps of BPDA, slopes of the soft steps instead, Square's queries, the search over single pixels.
BIT_STEPS, SLOPES, QUERIES, CANDIDATES, FLIPS = 30, (5.0, 15.0), 100, 8, 30
SEED, DEFENDERS = 29, 31


def standard_only(profile: Profile) -> list[Computation]:
    """The training of the standard model."""
    return [zoo.training(zoo.for_profile(zoo.STANDARD, profile))]


def standard(profile: Profile) -> nn.Module:
    """The trained standard model."""
    return zoo.trained(zoo.for_profile(zoo.STANDARD, profile))


def chosen(profile: Profile) -> tuple[Dataset, Tensor]:
    """Test images and their places in the test set: a limited number, but all that the full profile asks for."""
    n = profile.slow_images if profile.slow_images > 1000 else min(IMAGES, profile.slow_images)
    return subset(n), indices(n)


def fresh_generator() -> torch.Generator:
    """A new generator with the page's seed for each attack, so that none depends on those before it."""
    return torch.Generator().manual_seed(SEED)


def measured(name: str, profile: Profile) -> dict[str, Any]:
    """Accuracy of one defense: clean, on images made on the undefended model, and on images made for the defense."""
    (test, index), model = chosen(profile), standard(profile)
    x, y = test.images, test.labels
    defended = Preprocessed(transformation(name, DEFENDERS), model)
    draws = DRAWS.get(name, 1)
    # Against a random defense no attack stops at the first success: the next draw may get the image right.
    random = defended.transformation.random
    right = {"clean": predict(defended, x) == y}
    for epsilon in EPSILONS:
        static = pgd(model, x, y, epsilon, generator=fresh_generator(), steps=STATIC_STEPS)
        adaptive = partial(pgd, steps=RANDOM_STEPS[epsilon]) if random else partial(pgd_until_broken, steps=STEPS)
        made = adaptive(through(defended, draws), x, y, epsilon, generator=fresh_generator(), loss=margin)
        attacked = {"FGSM, static": fgsm(model, x, y, epsilon), "PGD, static": static, "adaptive": made}
        right |= {f"{what}, {epsilon:g}": predict(defended, images) == y for what, images in attacked.items()}
    return reported(index, y, right) | {
        "steps": RANDOM_STEPS[LARGE] if random else STEPS,
        "draws": draws,
    }


@measurement(trainings=standard_only)
def jpeg(profile: Profile) -> dict[str, Any]:
    """Accuracy of the standard model behind JPEG compression: clean, and under static and adaptive attacks."""
    return measured("JPEG", profile)


@measurement(trainings=standard_only)
def total_variation(profile: Profile) -> dict[str, Any]:
    """Accuracy of the standard model behind total variation minimised on half the pixels: clean and under attacks."""
    return measured("total variation", profile)


@measurement(trainings=standard_only)
def coarse(profile: Profile) -> dict[str, Any]:
    """Accuracy of the standard model behind rounding to a few grey levels: clean, under static and adaptive attacks."""
    return measured("3-bit depth", profile)


@measurement(trainings=standard_only)
def median(profile: Profile) -> dict[str, Any]:
    """Accuracy of the standard model behind a median filter: clean, and under static and adaptive attacks."""
    return measured("median filter", profile)


@measurement(trainings=standard_only)
def resizing(profile: Profile) -> dict[str, Any]:
    """Accuracy of the standard model behind random resizing and padding: clean, under static and adaptive attacks."""
    return measured("random resizing", profile)


@measurement(trainings=standard_only)
def one_bit(profile: Profile) -> dict[str, Any]:
    """Accuracy of the standard model behind rounding to black and white, under each attack and in the worst case."""
    (test, index), model = chosen(profile), standard(profile)
    x, y = test.images, test.labels
    defended = Preprocessed(BitDepth(1), model)
    right = {"clean": predict(defended, x) == y}
    for epsilon in EPSILONS:
        static = pgd(model, x, y, epsilon, generator=fresh_generator(), steps=STATIC_STEPS)
        tried = {"FGSM, static": fgsm(model, x, y, epsilon), "PGD, static": static}
        tried["BPDA"] = pgd_until_broken(
            through(defended), x, y, epsilon, generator=fresh_generator(), steps=BIT_STEPS, loss=margin
        )
        tried["single pixels"] = searched(model, x, y, epsilon, tried["BPDA"])
        if epsilon == LARGE:
            for slope in SLOPES:
                soft = Softened(model, slope)
                tried[f"slope {slope:g}"] = pgd(
                    soft, x, y, epsilon, generator=fresh_generator(), steps=STEPS, loss=margin
                )
            tried["Square"] = square(defended, x, y, epsilon, generator=fresh_generator(), queries=QUERIES)
        verdicts = {what: predict(defended, images) == y for what, images in tried.items()}
        verdicts["adaptive"] = torch.stack(list(verdicts.values())).all(0)
        right |= {f"{what}, {epsilon:g}": of for what, of in verdicts.items()}
    effort = {"queries": QUERIES, "steps": BIT_STEPS, "candidates": CANDIDATES, "flips": FLIPS}
    return reported(index, y, right) | effort


def searched(model: nn.Module, images: Tensor, labels: Tensor, epsilon: float, start: Tensor) -> Tensor:
    """Images found by the search over single pixels, started where BPDA ended."""
    return flipped(model, images, labels, epsilon, start=start, candidates=CANDIDATES, flips=FLIPS)


class Softened(nn.Module):
    """The model behind a smooth step instead of rounding: a sigmoid, steep at one half."""

    def __init__(self, model: nn.Module, slope: float) -> None:
        super().__init__()
        self.model = for_attacks(model)
        self.slope = slope

    def forward(self, images: Tensor) -> Tensor:
        """Logits of the images after these are pushed towards black and white."""
        outputs: Tensor = self.model(torch.sigmoid(self.slope * (images - 0.5)))
        return outputs


@measurement(trainings=standard_only)
def over_epsilon(profile: Profile) -> dict[str, Any]:
    """Accuracy behind rounding to black and white at further epsilons, under BPDA and the search over single pixels."""
    (test, index), model = chosen(profile), standard(profile)
    x, y = test.images, test.labels
    defended = Preprocessed(BitDepth(1), model)
    right = {}
    for epsilon in FURTHER:
        made = pgd_until_broken(through(defended), x, y, epsilon, generator=fresh_generator(), steps=STEPS, loss=margin)
        made = searched(model, x, y, epsilon, made)
        right[f"{epsilon:g}"] = predict(defended, made) == y
    return reported(index, y, right)
