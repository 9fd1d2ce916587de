"""How far each image must move to be misread, by DeepFool, C&W and FAB, on two models; with PGD as a check."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from advlab import zoo
from advlab.attacks import carlini_wagner, deepfool, fab
from advlab.attacks.ball import per_image
from advlab.attacks.boundary import rivals
from advlab.attacks.until_broken import pgd_until_broken
from advlab.chapters.minimum_norm.least_changes import found
from advlab.data import Dataset, indices, subset
from advlab.engine.cache.computation import Computation
from advlab.engine.cache.profile import Profile
from advlab.engine.chapter import measurement
from advlab.evaluation import Proportion, distances, logits, predict
from advlab.training import Recipe

#: How many of a thousand images DeepFool, FAB and PGD see. C&W, the slowest, sees every fourth of them.
IMAGES, CW_EVERY = 200, 4
#: Settings of C&W, faster than its defaults: fewer values of c, from a larger one, and fewer but longer steps.
CW_SEARCH_STEPS, CW_STEPS, CW_RATE, CW_FIRST_C = 4, 100, 0.2, 1.0
#: Numbers of classes and of steps towards each. FAB goes towards each of the likeliest wrong classes in turn, as in
#: AutoAttack, and the nearest error counts; the PGD-trained model needs more steps until PGD finds nothing nearer.
FAB_STANDARD, FAB_ROBUST = (3, 25), (2, 75)
#: The epsilons at which PGD checks the curve, in pixel units.
STANDARD_EPSILONS, ROBUST_EPSILONS = (0.05, 0.1, 0.15), (0.2, 0.3, 0.35)
PGD_STEPS = 40
SEED = 1511


def standard_only(profile: Profile) -> list[Computation]:
    """The training of the standard model."""
    return [zoo.training(zoo.for_profile(zoo.STANDARD, profile))]


def robust_only(profile: Profile) -> list[Computation]:
    """The training of the model trained on PGD's examples."""
    return [zoo.training(zoo.for_profile(zoo.ROBUST, profile))]


def chosen(profile: Profile, every: int = 1) -> tuple[Dataset, Tensor]:
    """Test images for a slow attack and their places in the test set: fewer in a draft, all where all are taken."""
    slow = profile.slow_images
    n = slow if slow > 1000 else IMAGES * slow // 1000
    test = subset(n)
    return Dataset(test.images[::every], test.labels[::every]), indices(n)[::every]


@measurement(trainings=standard_only)
def deepfool_standard(profile: Profile) -> dict[str, Any]:
    """L2 distances of the standard model's errors by DeepFool."""
    return by_deepfool(zoo.for_profile(zoo.STANDARD, profile), profile)


@measurement(trainings=robust_only)
def deepfool_robust(profile: Profile) -> dict[str, Any]:
    """L2 distances of the PGD-trained model's errors by DeepFool."""
    return by_deepfool(zoo.for_profile(zoo.ROBUST, profile), profile)


def by_deepfool(recipe: Recipe, profile: Profile) -> dict[str, Any]:
    """Distances of one model's errors by DeepFool."""
    model, (test, index) = zoo.trained(recipe), chosen(profile)
    return found(model, test, index, deepfool(model, test.images, test.labels), "L2")


@measurement(trainings=standard_only)
def cw_standard(profile: Profile) -> dict[str, Any]:
    """L2 distances of the standard model's errors by Carlini and Wagner's attack."""
    return by_cw(zoo.for_profile(zoo.STANDARD, profile), profile)


@measurement(trainings=robust_only)
def cw_robust(profile: Profile) -> dict[str, Any]:
    """L2 distances of the PGD-trained model's errors by Carlini and Wagner's attack."""
    return by_cw(zoo.for_profile(zoo.ROBUST, profile), profile)


def by_cw(recipe: Recipe, profile: Profile) -> dict[str, Any]:
    """Distances of one model's errors by C&W, on every fourth image."""
    model, (test, index) = zoo.trained(recipe), chosen(profile, CW_EVERY)
    attacked = carlini_wagner(
        model,
        test.images,
        test.labels,
        search_steps=CW_SEARCH_STEPS,
        steps=CW_STEPS,
        learning_rate=CW_RATE,
        initial_c=CW_FIRST_C,
    )
    return found(model, test, index, attacked, "L2")


@measurement(trainings=standard_only)
def fab_standard(profile: Profile) -> dict[str, Any]:
    """L-infinity distances of the standard model's errors by FAB, towards the likeliest wrong classes in turn."""
    return by_fab(zoo.for_profile(zoo.STANDARD, profile), profile, *FAB_STANDARD)


@measurement(trainings=robust_only)
def fab_robust(profile: Profile) -> dict[str, Any]:
    """L-infinity distances of the PGD-trained model's errors by FAB, towards the likeliest wrong classes in turn."""
    return by_fab(zoo.for_profile(zoo.ROBUST, profile), profile, *FAB_ROBUST)


def by_fab(recipe: Recipe, profile: Profile, classes: int, steps: int) -> dict[str, Any]:
    """Distances of one model's errors by FAB."""
    model, (test, index) = zoo.trained(recipe), chosen(profile)
    return found(model, test, index, nearest_by_fab(model, test, classes, steps), "Linf")


def nearest_by_fab(model: nn.Module, test: Dataset, classes: int, steps: int) -> Tensor:
    """The nearest errors that FAB finds, over each of the likeliest wrong classes."""
    generator = torch.Generator().manual_seed(SEED)
    nearest, sizes = test.images, torch.full_like(test.images.flatten(1)[:, 0], torch.inf)
    for aim in rivals(logits(model, test.images), test.labels, classes).T:
        attacked = fab(model, test.images, test.labels, generator=generator, steps=steps, targets=aim)
        new = distances(model, test.images, test.labels, attacked, "Linf")
        nearest = torch.where(per_image(new < sizes, nearest), attacked, nearest)
        sizes = torch.minimum(sizes, new)
    return nearest


@measurement(trainings=standard_only)
def pgd_standard(profile: Profile) -> dict[str, Any]:
    """Accuracy of the standard model under PGD at a few epsilons: a check of the curve from FAB's distances."""
    return by_pgd(zoo.for_profile(zoo.STANDARD, profile), profile, STANDARD_EPSILONS)


@measurement(trainings=robust_only)
def pgd_robust(profile: Profile) -> dict[str, Any]:
    """Accuracy of the PGD-trained model under PGD at a few epsilons: a check of the curve from FAB's distances."""
    return by_pgd(zoo.for_profile(zoo.ROBUST, profile), profile, ROBUST_EPSILONS)


def by_pgd(recipe: Recipe, profile: Profile, epsilons: tuple[float, ...]) -> dict[str, Any]:
    """Accuracy of one model under PGD, on the images that FAB sees."""
    model, (test, index) = zoo.trained(recipe), chosen(profile)
    generator = torch.Generator().manual_seed(SEED)
    right = {}
    for epsilon in epsilons:
        attacked = pgd_until_broken(model, test.images, test.labels, epsilon, generator=generator, steps=PGD_STEPS)
        right[f"{epsilon:g}"] = predict(model, attacked) == test.labels
    rows = torch.stack([index, *(of.long() for of in right.values())], dim=1).tolist()
    return {
        "epsilons": {name: Proportion(int(of.sum()), len(of)).to_json() for name, of in right.items()},
        "evidence": {"columns": ["test image", *(f"right at {name}" for name in right)], "images": rows},
    }
