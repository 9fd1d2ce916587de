"""Accuracy under FGSM and under PGD during three trainings on single-step adversarial examples."""

from __future__ import annotations

import dataclasses
from typing import Any

import torch
from torch import Tensor, nn

from advlab import zoo
from advlab.attacks import fgsm, pgd
from advlab.attacks.until_broken import pgd_until_broken
from advlab.chapters.adversarial_training.measure import EPSILON
from advlab.chapters.shared.robustness_bands import SEED, proportion
from advlab.data import Dataset, mnist, subset
from advlab.defenses.adversarial_training import LONG_STEP
from advlab.engine.cache import machine
from advlab.engine.cache.profile import Profile
from advlab.engine.cache.progress import report
from advlab.engine.chapter import measurement
from advlab.evaluation import predict
from advlab.models.rewriting import rewritten
from advlab.training import Recipe, set_memory_format, training_steps

#: The number of evaluations during training, the test images in each, and the steps of its PGD.
LOOKS, IMAGES, STEPS = 15, 250, 10


def watched(recipe: Recipe, profile: Profile) -> dict[str, Any]:
    """Accuracies at intervals during the recipe's training. The evaluations use none of its random numbers."""
    recipe = zoo.for_profile(recipe, profile)
    test = subset(min(IMAGES, profile.slow_images))
    data = mnist("train") if recipe.train_images is None else subset(recipe.train_images, "train")
    steps = recipe.epochs * -(-len(data) // recipe.batch_size)
    rows = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = recipe.architecture().to(machine.device())
        set_memory_format(model, torch.channels_last)
        order = torch.Generator().manual_seed(0)
        moving = training_steps(model, rewritten(model), recipe, data.images, data.labels, order)
        for done, _ in enumerate(moving, start=1):
            if done * LOOKS // steps > (done - 1) * LOOKS // steps:
                rows.append({"step": done} | looked_at(model, test))
                report(done, steps)
    return {"n": len(test), "epsilon": EPSILON, "pgd steps": STEPS, "steps": steps, "rows": rows}


def looked_at(model: nn.Module, test: Dataset) -> dict[str, Any]:
    """Accuracies of the network in its present state: clean, under FGSM, under PGD. Its flags are restored."""
    x, y = test.images, test.labels
    generator = torch.Generator().manual_seed(SEED)
    found = {
        "clean": x,
        "FGSM": fgsm(model, x, y, EPSILON),
        "PGD": pgd_until_broken(model, x, y, EPSILON, generator=generator, steps=STEPS),
    }
    return {name: proportion(predict(model, images) == y) for name, images in found.items()}


@measurement
def along_single(profile: Profile) -> dict[str, Any]:
    """Accuracy during training on FGSM's examples with full epsilon from the first step, as in Goodfellow et al."""
    return watched(at_once(zoo.SINGLE_STEP), profile)


def from_clipped_start(model: nn.Module, images: Tensor, labels: Tensor, epsilon: float) -> Tensor:
    """Images after one long step from a random start that is clipped to [0, 1] before the step, not only after it."""
    if epsilon == 0:
        return images
    options: dict[str, Any] = {"generator": torch.default_generator, "steps": 1, "step_size": LONG_STEP * epsilon}
    return pgd(model, images, labels, epsilon, **options)


@measurement
def along_clipped(profile: Profile) -> dict[str, Any]:
    """Accuracy during training on one long step from a random start that is clipped before the step."""
    return watched(dataclasses.replace(at_once(zoo.SINGLE_STEP), perturb=from_clipped_start), profile)


@measurement
def along_random(profile: Profile) -> dict[str, Any]:
    """Accuracy during training on one long step from a random start, clipped only at the end, as in Wong et al."""
    return watched(at_once(zoo.RANDOM_SINGLE_STEP), profile)


def at_once(recipe: Recipe) -> Recipe:
    """The same recipe without a ramp: full epsilon from the first step."""
    return dataclasses.replace(recipe, ramp=0.0)
