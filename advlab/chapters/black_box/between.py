"""Transfer: adversarial images made on one network and tried on others that share only the task with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from advlab import zoo
from advlab.attacks import fgsm, pgd, random_noise, transfer
from advlab.data import Dataset, indices, subset
from advlab.engine.cache.computation import Computation
from advlab.engine.cache.profile import Profile
from advlab.engine.cache.progress import report
from advlab.engine.chapter import measurement
from advlab.evaluation import Proportion, attack_success_rate, paired, predict

#: In pixel units, L-infinity: FGSM on the model itself breaks about half of the images.
EPSILON = 0.2
#: Steps of PGD.
STEPS = 10
#: Seeds of the standard recipe, three independent starts; one network trained against an attack joins them.
SEEDS = (0, 1, 2)
ROBUST = "PGD-trained"
MOST_IMAGES = 500
SEED = 1611

Result = dict[str, Any]
Transferred = Callable[[nn.Module, Tensor, Tensor, float], Tensor]


def all_four(profile: Profile) -> list[Computation]:
    """The trainings of all networks of the matrix."""
    recipe = zoo.for_profile(zoo.STANDARD, profile)
    return [*(zoo.training(recipe, seed) for seed in SEEDS), zoo.training(zoo.for_profile(zoo.ROBUST, profile))]


def networks(profile: Profile) -> dict[str, nn.Module]:
    """The networks of the matrix by their names on the page."""
    recipe = zoo.for_profile(zoo.STANDARD, profile)
    standard = {f"standard, seed {seed}": zoo.trained(recipe, seed) for seed in SEEDS}
    return standard | {ROBUST: zoo.trained(zoo.for_profile(zoo.ROBUST, profile))}


def images_of(profile: Profile) -> Dataset:
    """Test images: as many as the profile's slow attacks take, at most what the matrix needs; all of them in "full"."""
    return subset(profile.slow_images if profile.slow_images > 1000 else min(profile.slow_images, MOST_IMAGES))


@measurement(trainings=all_four)
def by_fgsm(profile: Profile) -> Result:
    """Accuracy of each network on FGSM's images made on each network, and under random signs of the same size."""
    return matrix(networks(profile), images_of(profile), fgsm)


@measurement(trainings=all_four)
def by_pgd(profile: Profile) -> Result:
    """Accuracy of each network on PGD's images made on each network."""
    generator = torch.Generator().manual_seed(SEED)
    return matrix(networks(profile), images_of(profile), partial(pgd, generator=generator, steps=STEPS))


def matrix(models: dict[str, nn.Module], test: Dataset, attack: Transferred) -> Result:
    """Accuracy and attack success rate of every network on images made on every network, with noise as a control."""
    clean = {name: predict(model, test.images) == test.labels for name, model in models.items()}
    coins = torch.Generator().manual_seed(SEED)
    noisy = random_noise(next(iter(models.values())), test.images, test.labels, EPSILON, generator=coins)
    under_noise = {name: predict(model, noisy) for name, model in models.items()}
    found: Result = {
        "n": len(test),
        "clean": {name: proportion(right) for name, right in clean.items()},
        "noise": {name: proportion(read == test.labels) for name, read in under_noise.items()},
        "made on": {},
    }
    columns = ["index", "label", *(f"noise, read by {name}" for name in models)]
    verdicts = [read.tolist() for read in under_noise.values()]
    for done, (maker, surrogate) in enumerate(models.items()):
        attacked = transfer(surrogate, test.images, test.labels, EPSILON, surrogate=surrogate, attack=attack)
        row: Result = {}
        for name, model in models.items():
            read = predict(model, attacked)
            right = read == test.labels
            row[name] = {
                "accuracy": proportion(right),
                "success": attack_success_rate(clean[name], right).to_json(),
                "against noise": dict(paired(under_noise[name] == test.labels, right)),
            }
            columns.append(f"made on {maker}, read by {name}")
            verdicts.append(read.tolist())
        found["made on"][maker] = row
        report(done + 1, len(models), "transfer")
    rows = [list(one) for one in zip(indices(len(test)).tolist(), test.labels.tolist(), *verdicts, strict=True)]
    return found | {"evidence": {"epsilon in pixels": EPSILON, "columns": columns, "images": rows}}


def proportion(right: Tensor) -> dict[str, float | int]:
    """The share of right verdicts, with its interval."""
    return Proportion(int(right.sum()), len(right)).to_json()
