"""What the page on adversarial training measures for each form: its accuracies and the cost of its training."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from advlab import zoo
from advlab.attacks import fgsm
from advlab.attacks.losses import margin
from advlab.attacks.until_broken import pgd_until_broken
from advlab.chapters.shared.robustness_bands import SEED, number_of, proportion, signs_of_masking, standing
from advlab.data import indices, mnist, subset
from advlab.engine.cache.computation import Computation
from advlab.engine.cache.profile import Profile
from advlab.engine.chapter import measurement
from advlab.evaluation import Proportion, predict
from advlab.models.inference import logits
from advlab.training import Recipe

#: The radius that all models are trained for and judged at, in pixel units.
EPSILON = 0.3
#: Steps of the PGD shown beside FGSM.
STEPS = 40
#: The size of a batch that is small enough not to be split into chunks.
COUNTED = 20


def evaluate_form(recipe: Recipe, profile: Profile) -> dict[str, Any]:
    """Clean accuracy on all the profile's test images, accuracy under attack, seconds and passes of the training."""
    recipe = zoo.for_profile(recipe, profile)
    model, n = zoo.trained(recipe), number_of(profile)
    test, index = subset(n), indices(n)
    found = standing(model, test, index)
    generator = torch.Generator().manual_seed(SEED)
    many = pgd_until_broken(model, test.images, test.labels, EPSILON, generator=generator, steps=STEPS, loss=margin)
    history = zoo.history(recipe)
    whole = mnist("test") if profile.test_images is None else subset(profile.test_images)
    answers = logits(model, whole.images).argmax(1)
    return found | {
        "clean on all": Proportion(int((answers == whole.labels).sum()), len(whole)).to_json(),
        "FGSM": proportion(predict(model, fgsm(model, test.images, test.labels, EPSILON)) == test.labels),
        "PGD": proportion(predict(model, many) == test.labels),
        "signs": signs_of_masking(model, test),
        "seconds": sum(row["seconds"] for row in history),
        "epochs": recipe.epochs,
        "images": recipe.train_images or len(mnist("train")),
        "passes": passes(recipe),
        "epsilon": EPSILON,
    }


class _Counter(nn.Module):
    """Passes images through and counts whole batches; single images, which only check shapes, do not count."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def forward(self, images: Tensor) -> Tensor:
        """The images unchanged."""
        self.count += len(images) == COUNTED
        return images


def passes(recipe: Recipe) -> int:
    """Counted forward passes of a batch in one training step: those of the attack and those of the loss."""
    counter = _Counter()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = nn.Sequential(counter, recipe.architecture()).train()
        images, labels = torch.rand(COUNTED, 1, 28, 28), torch.arange(COUNTED) % 10
        if recipe.objective is not None:
            recipe.objective(model, images, labels, 0.9)
        else:
            perturbed = images
            if recipe.perturb is not None:
                perturbed = recipe.perturb(model, images, labels, recipe.epsilon)
            recipe.loss(model(perturbed), labels)
    return counter.count


def trainings_of(*recipes: Recipe) -> Any:
    """The trainings of these recipes, for `@measurement`."""

    def trainings(profile: Profile) -> list[Computation]:
        return [zoo.training(zoo.for_profile(recipe, profile)) for recipe in recipes]

    return trainings


@measurement(trainings=trainings_of(zoo.SINGLE_STEP))
def single(profile: Profile) -> dict[str, Any]:
    """Accuracy and training cost of the network trained on FGSM from the image itself."""
    return evaluate_form(zoo.SINGLE_STEP, profile)


@measurement(trainings=trainings_of(zoo.RANDOM_SINGLE_STEP))
def random_single(profile: Profile) -> dict[str, Any]:
    """Accuracy and training cost of the network trained on one long step from a random start."""
    return evaluate_form(zoo.RANDOM_SINGLE_STEP, profile)


@measurement(trainings=trainings_of(zoo.PGD_TRAINED))
def several(profile: Profile) -> dict[str, Any]:
    """Accuracy and training cost of the network trained on three steps of PGD."""
    return evaluate_form(zoo.PGD_TRAINED, profile)


@measurement(trainings=trainings_of(zoo.TRADES))
def trades(profile: Profile) -> dict[str, Any]:
    """Accuracy and training cost of the network trained by TRADES."""
    return evaluate_form(zoo.TRADES, profile)


@measurement(trainings=trainings_of(zoo.ADVERSARIAL))
def longest(profile: Profile) -> dict[str, Any]:
    """Accuracy and training cost of the network trained on three steps of PGD, on all images and for longer."""
    return evaluate_form(zoo.ADVERSARIAL, profile)
