"""Patches of several sizes, trained on one network and pasted at random places into images never trained on."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from advlab import zoo
from advlab.attacks.patch import train_patch
from advlab.attacks.transformations import Placements, apply_patch, random_placements
from advlab.data import Dataset, indices, subset
from advlab.engine.cache.computation import Computation
from advlab.engine.cache.profile import Profile
from advlab.engine.cache.progress import report
from advlab.engine.chapter import measurement
from advlab.evaluation import Proportion, predict

#: Sides in pixels of the square whose inscribed circle is the patch; an image has 28.
SMALL, LARGE = (7, 11), (15, 19)
#: The size in the pictures and in the comparison of places.
SIZE = 15
#: The class that every patch aims for.
TARGET = 3
STEPS, BATCH = 150, 50
#: Images from the training split: a patch must work on images that it was not trained on.
TRAIN_IMAGES = 2000
MOST_IMAGES = 1000
SEEDS = (0, 1, 2)
SEED = 1712
#: The number of images shown.
SHOWN = 5
#: Shares of a digit's ink under the patch that divide its places into three kinds.
PARTS = (1 / 3, 2 / 3)
PLACES = ("less than a third", "up to two thirds", "more")

Result = dict[str, Any]


def of_standard(profile: Profile) -> list[Computation]:
    """The trainings of the network that the patch is made on, and of those that it is carried to."""
    recipe = zoo.for_profile(zoo.STANDARD, profile)
    return [zoo.training(recipe, seed) for seed in SEEDS]


@measurement(trainings=of_standard)
def small(profile: Profile) -> Result:
    """How often a patch of the two small sizes makes a digit read as a three, beside four controls."""
    return of_sizes(profile, SMALL)


@measurement(trainings=of_standard)
def large(profile: Profile) -> Result:
    """How often a patch of the two large sizes makes a digit read as a three, beside four controls."""
    return of_sizes(profile, LARGE)


def of_sizes(profile: Profile, sizes: tuple[int, ...]) -> Result:
    """For each size: the patch, its effect and its controls' on held-out images, and its effect on other networks."""
    recipe = zoo.for_profile(zoo.STANDARD, profile)
    models = {f"seed {seed}": zoo.trained(recipe, seed) for seed in SEEDS}
    train, test = subset(TRAIN_IMAGES, "train"), held_out(profile)
    found: Result = {"n": len(test), "target": TARGET, "sizes": {}}
    columns, verdicts = ["index", "label"], []
    for done, size in enumerate(sizes):
        first = next(iter(models.values()))
        generator = torch.Generator().manual_seed(SEED)
        patch = train_patch(
            first,
            train.images,
            train.labels,
            size=size,
            target=TARGET,
            steps=STEPS,
            batch_size=BATCH,
            generator=generator,
        )
        places = random_placements(len(test), (28, 28), size, generator=generator)
        tried = {"patch": patch} | controls(first, size, generator)
        pasted = {kind: apply_patch(test.images, picture, places) for kind, picture in tried.items()}
        read = {kind: predict(first, images) for kind, images in pasted.items()}
        found["sizes"][str(size)] = {
            "pictures": {kind: levels(picture) for kind, picture in tried.items()},
            "area": covered_area(places, size),
            "read": {kind: of_answers(answers, test.labels) for kind, answers in read.items()},
            "carried to": {
                name: of_answers(predict(model, pasted["patch"]), test.labels) for name, model in models.items()
            },
            "places": of_places(test.images, places, size, read),
            "shown": of_shown(test, pasted, read),
        }
        columns += [f"{kind} of {size} pixels" for kind in read]
        verdicts += [answers.tolist() for answers in read.values()]
        report(done + 1, len(sizes), "patches")
    kept = indices(number_of(profile))[subset(number_of(profile)).labels != TARGET].tolist()
    rows = [list(one) for one in zip(kept, test.labels.tolist(), *verdicts, strict=True)]
    return found | {"evidence": {"read as": "class", "columns": columns, "images": rows}}


def number_of(profile: Profile) -> int:
    """The number of test images drawn, those of the target class included."""
    return profile.slow_images if profile.slow_images > 1000 else min(profile.slow_images, MOST_IMAGES)


def held_out(profile: Profile) -> Dataset:
    """Test images that are not of the target class, so that the target is always a wrong answer."""
    test = subset(number_of(profile))
    others = test.labels != TARGET
    return Dataset(test.images[others], test.labels[others])


def controls(model: nn.Module, size: int, generator: torch.Generator) -> dict[str, Tensor]:
    """Untrained pictures of the same size: noise, grey, white, and a real three that the model reads well."""
    noise = torch.rand(1, size, size, generator=generator)
    return {
        "noise": noise,
        "grey": torch.full((1, size, size), 0.5),
        "white": torch.ones(1, size, size),
        "a real three": real_digit(model, size),
    }


def real_digit(model: nn.Module, size: int) -> Tensor:
    """The target's training image that the model is surest of, cut to its ink and shrunk to fit the patch."""
    train = subset(TRAIN_IMAGES, "train")
    threes = train.images[train.labels == TARGET]
    with torch.no_grad():
        sureness = torch.cat([model(part).log_softmax(1)[:, TARGET] for part in threes.split(100)])
    picture = threes[sureness.argmax()][:, 4:24, 4:24]  # MNIST's digits occupy the middle 20 by 20 pixels
    # Smaller than the circle, so that the circle does not cut it: a square of side size / sqrt(2), with black around.
    inner = max(round(size / 2**0.5), 1)
    shrunk = F.interpolate(picture[None], size=(inner, inner), mode="area")[0]
    before = (size - inner) // 2
    after = size - inner - before
    return F.pad(shrunk, (before, after, before, after))


def of_answers(answers: Tensor, labels: Tensor) -> Result:
    """The shares of images read as the target and still read right."""
    n = len(labels)
    return {
        "target": Proportion(int((answers == TARGET).sum()), n).to_json(),
        "right": Proportion(int((answers == labels).sum()), n).to_json(),
    }


def covered_area(places: Placements, size: int) -> float:
    """The mean share of an image's area under the circle."""
    blank = torch.zeros(len(places.rows), 1, 28, 28)
    return float(apply_patch(blank, torch.ones(1, size, size), places).mean())


def of_places(images: Tensor, places: Placements, size: int, read: dict[str, Tensor]) -> Result:
    """How often images are read as the target, split by how much of the digit's ink the patch hides."""
    hidden = images - apply_patch(images, torch.zeros(1, size, size), places)
    share = hidden.flatten(1).sum(1) / images.flatten(1).sum(1)
    parts = (share < PARTS[0], (share >= PARTS[0]) & (share < PARTS[1]), share >= PARTS[1])
    return {
        name: {
            kind: Proportion(int((answers[part] == TARGET).sum()), int(part.sum())).to_json()
            for kind, answers in read.items()
        }
        for name, part in zip(PLACES, parts, strict=True)
        if part.any()
    }


def of_shown(test: Dataset, pasted: dict[str, Tensor], read: dict[str, Tensor]) -> list[Result]:
    """The first images: clean, with the patch and with noise, each with label and answers."""
    return [
        {
            "label": int(test.labels[number]),
            "clean": levels(test.images[number]),
            "patched": levels(pasted["patch"][number]),
            "read": int(read["patch"][number]),
            "noise": levels(pasted["noise"][number]),
            "noise read": int(read["noise"][number]),
        }
        for number in range(min(SHOWN, len(test)))
    ]


def levels(image: Tensor) -> list[list[int]]:
    """A picture of one channel as rows of grey levels."""
    rows: list[list[int]] = (image[0] * 255).round().int().tolist()
    return rows
