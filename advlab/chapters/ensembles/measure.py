"""What the page on ensembles measures: accuracy of members, mean and vote on images made on a member or the mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from advlab import zoo
from advlab.attacks import fgsm, pgd
from advlab.data import Dataset, indices, subset
from advlab.defenses import Ensemble, Vote
from advlab.engine.cache.computation import Computation
from advlab.engine.cache.profile import Profile
from advlab.engine.cache.progress import report
from advlab.engine.chapter import measurement
from advlab.evaluation import Proportion, predict

IMAGES = 500
#: Seeds of the standard recipe: three independent starts.
SEEDS = (0, 1, 2)
#: In pixel units, L-infinity; the last is the one at which defenses are judged.
EPSILONS = (0.1, 0.2, 0.3)
#: Steps of PGD.
STEPS = 12
SEED = 1706
MEAN, VOTE = "mean", "vote"

Result = dict[str, Any]
Made = Callable[[nn.Module, Tensor, Tensor, float], Tensor]


def members_only(profile: Profile) -> list[Computation]:
    """The trainings of the three members."""
    recipe = zoo.for_profile(zoo.STANDARD, profile)
    return [zoo.training(recipe, seed) for seed in SEEDS]


def members(profile: Profile) -> dict[str, nn.Module]:
    """The three members by their names on the page."""
    recipe = zoo.for_profile(zoo.STANDARD, profile)
    return {f"seed {seed}": zoo.trained(recipe, seed) for seed in SEEDS}


def fresh_generator() -> torch.Generator:
    """A new generator with the page's seed, for each attack."""
    return torch.Generator().manual_seed(SEED)


def by_steps(model: nn.Module, images: Tensor, labels: Tensor, epsilon: float) -> Tensor:
    """PGD as the page uses it: images take every step, even once broken, so that they are broken with a margin."""
    return pgd(model, images, labels, epsilon, generator=fresh_generator(), steps=STEPS)


def chosen(profile: Profile) -> Dataset:
    """The test images: all of them in the full profile."""
    return subset(profile.slow_images if profile.slow_images > 1000 else min(IMAGES, profile.slow_images))


def share(of: Tensor) -> dict[str, float | int]:
    """The share of true verdicts, with its interval."""
    return Proportion(int(of.sum()), len(of)).to_json()


def judges(models: dict[str, nn.Module]) -> dict[str, nn.Module]:
    """The judges by name: every member alone, the mean of the logits, the vote."""
    return models | {MEAN: Ensemble(models.values()), VOTE: Vote(models.values())}


def matrix(models: dict[str, nn.Module], test: Dataset, attack: Made, epsilons: tuple[float, ...]) -> Result:
    """Accuracy of each judge, by epsilon, on images made on each member and on the mean; verdicts as evidence."""
    asked = judges(models)
    makers = models | {MEAN: Ensemble(models.values()).through()}
    found: Result = {"n": len(test), "steps": STEPS, "epsilons": {}}
    found["clean"] = {name: share(predict(judge, test.images) == test.labels) for name, judge in asked.items()}
    columns, verdicts = ["index", "label"], [indices(len(test)).tolist(), test.labels.tolist()]
    for done, epsilon in enumerate(epsilons):
        rows: Result = {}
        for maker, model in makers.items():
            images = attack(model, test.images, test.labels, epsilon)
            read = {name: predict(judge, images) for name, judge in asked.items()}
            rows[maker] = {name: share(of == test.labels) for name, of in read.items()}
            columns += [f"epsilon {epsilon:g}, made on {maker}, read by {name}" for name in read]
            verdicts += [of.tolist() for of in read.values()]
        found["epsilons"][f"{epsilon:g}"] = rows
        report(done + 1, len(epsilons), "transfer within the ensemble")
    return found | {"evidence": {"columns": columns, "images": [list(row) for row in zip(*verdicts, strict=True)]}}


@measurement(trainings=members_only)
def by_fgsm(profile: Profile) -> Result:
    """Accuracy of each member, the mean and the vote on FGSM's images made on each member and on the mean."""
    return matrix(members(profile), chosen(profile), fgsm, EPSILONS)


@measurement(trainings=members_only)
def by_pgd(profile: Profile) -> Result:
    """Accuracy of each member, the mean and the vote on PGD's images made on each member and on the mean."""
    return matrix(members(profile), chosen(profile), by_steps, EPSILONS)
