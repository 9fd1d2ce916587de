"""What the page on FGSM measures about accuracy: by epsilon and over trainings."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from advlab import zoo
from advlab.chapters.shared.sampling import test_images
from advlab.chapters.shared.sign_steps import signs, stepped
from advlab.data import Dataset, indices, subset
from advlab.engine.cache.computation import Computation
from advlab.engine.cache.profile import Profile
from advlab.engine.chapter import measurement
from advlab.evaluation import Proportion, logits
from advlab.models.rewriting import for_attacks
from advlab.threat import epsilon_units

#: In pixel units: the article's five, which are the table's.
EPSILONS = (0.0, 0.05, 0.1, 0.2, 0.3)
#: Epsilons between the table's, for a smooth curve.
BETWEEN = (0.025, 0.075, 0.125, 0.15, 0.175, 0.225, 0.25, 0.275)
#: Epsilons beyond the table's, to show what happens when the single step is too long.
BEYOND = (0.3, 0.4, 0.6, 0.8, 1.0)
#: The epsilons of the band over training seeds, and its number of images.
BAND = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3)
BAND_IMAGES = 2500
#: An error with more confidence than this looks like a good answer.
CONFIDENT = 0.9


def only_first(profile: Profile) -> list[Computation]:
    """The training of the model that the page attacks: the profile's recipe, seed zero."""
    return [zoo.training(zoo.for_profile(zoo.STANDARD, profile))]


def units(epsilon: float) -> dict[str, float]:
    """An epsilon in pixel units, in grey levels (two hundred and fifty-five of them), and in normalised units."""
    return dict(epsilon_units(epsilon)._asdict())


def right(predictions: Tensor, labels: Tensor) -> dict[str, Any]:
    """The share of right predictions, with its interval."""
    return Proportion(int((predictions == labels).sum()), len(labels)).to_json()


def of_band(test: Dataset) -> Tensor:
    """Indices of the test images for the band over trainings: all of them if there are no more than it takes."""
    return indices(BAND_IMAGES) if len(test) > BAND_IMAGES else torch.arange(len(test))


@measurement(trainings=only_first)
def epsilon_table(profile: Profile) -> dict[str, Any]:
    """Accuracy of the standard model under FGSM at five epsilons, its confidence when it is wrong, and each verdict."""
    model, test = (
        for_attacks(zoo.trained(zoo.for_profile(zoo.STANDARD, profile))),
        test_images(profile),
    )
    step = signs(model, test.images, test.labels)
    rows: dict[str, Any] = {}
    predictions = []
    for epsilon in EPSILONS:
        attacked = stepped(test.images, step, epsilon)
        sureness, predicted = logits(model, attacked).softmax(1).max(1)
        rows[f"{epsilon:g}"] = of_attack(attacked - test.images, sureness, predicted, test.labels) | {
            "epsilon": units(epsilon),
            "accuracy": right(predicted, test.labels),
            "on the band's images": right(predicted[of_band(test)], test.labels[of_band(test)]),
        }
        predictions.append(predicted.tolist())
    numbers = indices(len(test)).tolist()
    columns = ["index", "label", *(f"predicted at {epsilon:g}" for epsilon in EPSILONS)]
    verdicts = [list(row) for row in zip(numbers, test.labels.tolist(), *predictions, strict=True)]
    return rows | {"evidence": {"epsilon in": "pixels", "columns": columns, "images": verdicts}}


def of_attack(change: Tensor, sureness: Tensor, predicted: Tensor, labels: Tensor) -> dict[str, Any]:
    """How much an attack changed the pixels, and how confident the model's errors are (None if it makes none)."""
    wrong = predicted != labels
    errors = int(wrong.sum())
    confident = int((sureness[wrong] > CONFIDENT).sum())
    return {
        "errors": errors,
        "confident errors": Proportion(confident, errors).to_json() if errors else None,
        "mean confidence of errors": float(sureness[wrong].mean()) if errors else None,
        "moved pixels": float((change != 0).float().mean()),
        "mean L2": float(change.flatten(1).norm(dim=1).mean()),
    }


@measurement(trainings=only_first)
def curve(profile: Profile) -> dict[str, Any]:
    """Accuracy of the standard model under FGSM at epsilons between those of the table."""
    model, test = (
        zoo.trained(zoo.for_profile(zoo.STANDARD, profile)),
        test_images(profile),
    )
    verdicts = under_fgsm(model, test, BETWEEN)
    chosen = of_band(test)
    return {
        epsilon: {
            "accuracy": right(predicted, test.labels),
            "on the band's images": right(predicted[chosen], test.labels[chosen]),
        }
        for epsilon, predicted in verdicts.items()
    }


@measurement(trainings=only_first)
def beyond(profile: Profile) -> dict[str, Any]:
    """Accuracy of the standard model under FGSM at epsilons up to the whole range of a pixel."""
    model, test = zoo.trained(zoo.for_profile(zoo.STANDARD, profile)), subset(profile.slow_images)
    verdicts = under_fgsm(model, test, BEYOND)
    return {epsilon: {"accuracy": right(predicted, test.labels)} for epsilon, predicted in verdicts.items()}


def under_fgsm(model: nn.Module, test: Dataset, epsilons: tuple[float, ...]) -> dict[str, Tensor]:
    """The model's predictions under FGSM at each epsilon, from one gradient for all."""
    model = for_attacks(model)  # the same function, faster
    step = signs(model, test.images, test.labels)
    return {f"{e:g}": logits(model, stepped(test.images, step, e)).argmax(1) for e in epsilons}


def second_only(profile: Profile) -> list[Computation]:
    """The training with seed one."""
    return [zoo.training(zoo.for_profile(zoo.STANDARD, profile), seed) for seed in range(profile.seeds)[1:2]]


def the_others(profile: Profile) -> list[Computation]:
    """The trainings with seeds two and up."""
    return [zoo.training(zoo.for_profile(zoo.STANDARD, profile), seed) for seed in range(profile.seeds)[2:]]


@measurement(trainings=second_only)
def second_training(profile: Profile) -> dict[str, Any]:
    """Accuracy under FGSM of the standard recipe trained with seed one, for the band over trainings."""
    return of_seeds(profile, range(profile.seeds)[1:2])


@measurement(trainings=the_others)
def further_trainings(profile: Profile) -> dict[str, Any]:
    """Accuracy under FGSM of the standard recipe trained with the seeds from two on, for the band over trainings."""
    return of_seeds(profile, range(profile.seeds)[2:])


def of_seeds(profile: Profile, seeds: range) -> dict[str, Any]:
    """Accuracy under FGSM at the epsilons of `BAND`, for the training with each of these seeds."""
    recipe, test = zoo.for_profile(zoo.STANDARD, profile), test_images(profile)
    chosen = of_band(test)
    taken = Dataset(test.images[chosen], test.labels[chosen])
    found = {}
    for seed in seeds:
        verdicts = under_fgsm(zoo.trained(recipe, seed), taken, BAND)
        found[f"seed {seed}"] = {epsilon: right(predicted, taken.labels) for epsilon, predicted in verdicts.items()}
    return found
