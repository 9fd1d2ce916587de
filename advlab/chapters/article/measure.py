"""Settings with published figures, run with the networks of this book."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from advlab import challenge, zoo
from advlab.attacks import fgsm
from advlab.attacks.until_broken import pgd_until_broken
from advlab.chapters.shared.robustness_bands import number_of
from advlab.chapters.shared.sampling import test_images
from advlab.data import Dataset, subset
from advlab.engine.cache.computation import Computation
from advlab.engine.cache.profile import Profile
from advlab.engine.cache.progress import report
from advlab.engine.chapter import measurement
from advlab.evaluation import Proportion, logits, predict
from advlab.training import Recipe

#: The epsilon of each source, in pixel units: L-infinity, untargeted.
GOODFELLOW, TUTORIAL_NSL, MADRY = 0.25, 0.2, 0.3
#: Steps of the public challenge's attack, and our restarts of it (its leaderboard: up to fifty).
STEPS, RESTARTS = 100, 3
#: Steps of PGD on the network trained on single steps.
FEW_STEPS = 20
SEED = 2017

Result = dict[str, Any]


def shallow_softmax() -> nn.Module:
    """Softmax regression: one linear layer from pixels to classes (Goodfellow et al. 2015, section 4)."""
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))


#: The paper names only the method, not how its network was trained.
SHALLOW = Recipe(architecture=shallow_softmax, epochs=4, batch_size=100, learning_rate=2e-3)


def shallow_only(profile: Profile) -> list[Computation]:
    """The training of the linear classifier."""
    return [zoo.training(zoo.for_profile(SHALLOW, profile))]


def two(profile: Profile) -> list[Computation]:
    """The trainings of the network that images are made on, and of the one trained on single steps."""
    return [zoo.training(zoo.for_profile(recipe, profile)) for recipe in (zoo.STANDARD, zoo.SINGLE_STEP)]


def fresh_generator() -> torch.Generator:
    """A generator for random starts, seeded alike each time."""
    return torch.Generator().manual_seed(SEED)


def read(model: nn.Module, images: Tensor, labels: Tensor) -> Result:
    """How many of these images the model misreads, and its mean confidence in those wrong answers."""
    sure, answers = logits(model, images).softmax(1).max(1)
    wrong = answers != labels
    return {
        "error": Proportion(int(wrong.sum()), len(labels)).to_json(),
        "confidence of errors": float(sure[wrong].mean()) if wrong.any() else None,
    }


@measurement(trainings=shallow_only)
def softmax_regression(profile: Profile) -> Result:
    """Error of a linear classifier on clean images and after one FGSM step, clipped to [0, 1] and unclipped."""
    return regression(zoo.trained(zoo.for_profile(SHALLOW, profile)), test_images(profile), GOODFELLOW)


def regression(model: nn.Module, test: Dataset, epsilon: float) -> Result:
    """Errors of `model`, clean and under FGSM with and without clipping, which the paper's formula does not have."""
    x, y = test.images, test.labels
    inputs = x.clone().requires_grad_()
    loss = nn.functional.cross_entropy(model(inputs), y, reduction="sum")
    step = epsilon * torch.autograd.grad(loss, inputs)[0].sign()
    return {
        "epsilon": epsilon,
        "n": len(y),
        "clean": read(model, x, y),
        "FGSM": read(model, x + step, y),
        "FGSM, clipped": read(model, (x + step).clamp(0, 1), y),
    }


@measurement(trainings=two)
def by_transfer(profile: Profile) -> Result:
    """Accuracy of a network trained on FGSM's images, under images made on another network and on itself."""
    standard, single = (zoo.trained(zoo.for_profile(recipe, profile)) for recipe in (zoo.STANDARD, zoo.SINGLE_STEP))
    return transferred(standard, single, test_images(profile), subset(profile.slow_images))


def transferred(source: nn.Module, defended: nn.Module, test: Dataset, few: Dataset) -> Result:
    """Accuracy of `defended` on FGSM's images made on `source`, then under FGSM and PGD on itself."""
    x, y = test.images, test.labels
    made = fgsm(source, x, y, TUTORIAL_NSL)
    report(1, 3)
    own = fgsm(defended, x, y, TUTORIAL_NSL)
    report(2, 3)
    steps = pgd_until_broken(
        defended, few.images, few.labels, TUTORIAL_NSL, steps=FEW_STEPS, generator=fresh_generator()
    )
    return {
        "epsilon": TUTORIAL_NSL,
        "n": len(y),
        "steps": FEW_STEPS,
        "clean": share(predict(defended, x) == y),
        "source, FGSM on itself": share(predict(source, made) == y),
        "FGSM on the source": share(predict(defended, made) == y),
        "FGSM": share(predict(defended, own) == y),
        "PGD": share(predict(defended, steps) == few.labels),
    }


@measurement
def madrys_attacks(profile: Profile) -> Result:
    """Accuracy of our own challenge's network under the attacks of the public challenge, each on the same images."""
    return attacked(challenge.model(), subset(number_of(profile)))


def attacked(model: nn.Module, test: Dataset) -> Result:
    """Accuracy under FGSM, under PGD from one random start, and under PGD from several."""
    x, y = test.images, test.labels
    single = predict(model, fgsm(model, x, y, MADRY)) == y
    report(1, 1 + RESTARTS)
    generator, standing, after = fresh_generator(), torch.ones(len(y), dtype=torch.bool), []
    for number in range(RESTARTS):
        index = standing.nonzero().flatten()
        if len(index):  # attacks refuse an empty batch
            made = pgd_until_broken(model, x[index], y[index], MADRY, steps=STEPS, generator=generator)
            standing[index] = predict(model, made) == y[index]
        after.append(share(standing))
        report(2 + number, 1 + RESTARTS)
    return {
        "epsilon": MADRY,
        "n": len(y),
        "steps": STEPS,
        "restarts": RESTARTS,
        "clean": share(predict(model, x) == y),
        "FGSM": share(single),
        "PGD": after[0],
        "PGD, restarts": after[-1],
    }


def share(right: Tensor) -> Result:
    """The share of these that are right, with its interval."""
    return Proportion(int(right.sum()), len(right)).to_json()
