"""What the page on the trade-off measures itself: the models that no other page puts under the same attacks."""

from __future__ import annotations

from typing import Any

from torch import nn

from advlab import zoo
from advlab.attacks import fgsm
from advlab.chapters.shared.robustness_bands import SECOND, number_of, proportion, signs_of_masking, standing
from advlab.data import indices, subset
from advlab.engine.cache.computation import Computation
from advlab.engine.cache.profile import Profile
from advlab.engine.chapter import measurement
from advlab.evaluation import predict
from advlab.training import Recipe


def of_standard(profile: Profile) -> list[Computation]:
    """The training of the standard model."""
    return [zoo.training(zoo.for_profile(zoo.STANDARD, profile))]


def of_student(profile: Profile) -> list[Computation]:
    """The training of the distilled model, teacher and student."""
    return [zoo.distilling(profile)]


def of_certified(profile: Profile) -> list[Computation]:
    """The training of the model that intervals prove."""
    return [zoo.training(zoo.for_profile(zoo.CERTIFIED, profile))]


def evaluate_model(model: nn.Module, profile: Profile) -> dict[str, Any]:
    """Results of one model under the attacks of all pages and under FGSM."""
    n = number_of(profile)
    test, index = subset(n), indices(n)
    step = fgsm(model, test.images, test.labels, SECOND)
    found = standing(model, test, index) | {"FGSM": proportion(predict(model, step) == test.labels)}
    return found | {"signs": signs_of_masking(model, test)}


def seconds(recipe: Recipe, profile: Profile) -> float:
    """The seconds that a training of the book took."""
    return float(sum(row["seconds"] for row in zoo.history(zoo.for_profile(recipe, profile))))


@measurement(trainings=of_standard)
def standard(profile: Profile) -> dict[str, Any]:
    """Robustness of the undefended standard model, image by image, and the seconds of its training."""
    model = zoo.trained(zoo.for_profile(zoo.STANDARD, profile))
    return evaluate_model(model, profile) | {"seconds": seconds(zoo.STANDARD, profile)}


@measurement(trainings=of_student)
def distilled(profile: Profile) -> dict[str, Any]:
    """Robustness of the distilled student at the temperature of its answers: logits so large that gradients vanish."""
    return evaluate_model(zoo.student(profile), profile)


@measurement(trainings=of_certified)
def proved(profile: Profile) -> dict[str, Any]:
    """Robustness of the network trained for interval bounds, with what they prove."""
    model = zoo.trained(zoo.for_profile(zoo.CERTIFIED, profile))
    return evaluate_model(model, profile) | {"seconds": seconds(zoo.CERTIFIED, profile)}
