"""What is special about MNIST's digits: their pixels, the distances between classes, and the order of the test set."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from advlab import zoo
from advlab.attacks import fgsm
from advlab.data import Dataset, indices, mnist, subset
from advlab.engine.cache.computation import Computation
from advlab.engine.cache.profile import Profile
from advlab.engine.cache.progress import report
from advlab.engine.chapter import measurement
from advlab.evaluation import Proportion, predict

#: The book's two radii, in pixel units, L-infinity.
SMALL, LARGE = 0.1, 0.3
#: Numbers of test images whose nearest neighbours are found, and of training images compared at a time.
IMAGES, PART = 500, 10_000
#: The number of first test images that papers often take.
FIRST = 1000
#: A pixel closer than this to black or white, in pixel units, is nearly black or white.
NEARLY = 0.1
BINS = 20

Result = dict[str, Any]


def standard_only(profile: Profile) -> list[Computation]:
    """The training of the standard model."""
    return [zoo.training(zoo.for_profile(zoo.STANDARD, profile))]


def standard(profile: Profile) -> nn.Module:
    """The trained standard model."""
    return zoo.trained(zoo.for_profile(zoo.STANDARD, profile))


def share(of: Tensor) -> Result:
    """A share with its interval."""
    return Proportion(int(of.sum()), len(of)).to_json()


@measurement
def pixels(profile: Profile) -> Result:
    """The distribution of all test pixels' values, and the share that is nearly black or white."""
    values = mnist("test").images.flatten()
    counts = torch.histc(values, bins=BINS, min=0, max=1)
    return {
        "shares": (counts / counts.sum()).tolist(),
        "black": float((values == 0).float().mean()),
        "nearly black or white": float(((values < NEARLY) | (values > 1 - NEARLY)).float().mean()),
        "nearly": NEARLY,
        "n": len(mnist("test")),
    }


@measurement
def neighbours(profile: Profile) -> Result:
    """Distances from test images to the nearest training image of the same and of another class, L-infinity and L2."""
    n = min(IMAGES, profile.slow_images)
    test = subset(n)
    train = mnist("train") if profile.train_images is None else subset(profile.train_images, "train")
    found: Result = {"n": n, "training images": len(train), "small": SMALL, "large": LARGE}
    evidence = [indices(n).double(), test.labels.double()]
    for name, p in {"Linf": torch.inf, "L2": 2.0}.items():
        same, other = nearest(test, train, p, name)
        # A point within r of the image comes nearer to the other class by at most r, and leaves its own by at most r.
        proved = ((other - same) / 2).clamp_min(0)
        found[name] = {
            "nearest of another class": {"least": float(other.min()), "median": float(other.median())},
            "nearest of the same class": {"median": float(same.median())},
            "right": share(same < other),
            "proved": {f"{radius:g}": share(proved > radius) for radius in (SMALL, LARGE)},
            "other": [round(float(one), 4) for one in other],
            "same": [round(float(one), 4) for one in same],
        }
        evidence += [same.double(), other.double()]
    columns = ["index", "label", "same class, Linf", "another class, Linf", "same class, L2", "another class, L2"]
    rows = [
        [int(row[0]), int(row[1]), *(round(one, 4) for one in row[2:])] for row in torch.stack(evidence, 1).tolist()
    ]
    return found | {"evidence": {"columns": columns, "images": rows}}


def nearest(test: Dataset, train: Dataset, p: float, name: str) -> tuple[Tensor, Tensor]:
    """The distances of each test image to the nearest training image with its label and with any other."""
    x, same = test.images.flatten(1), torch.full((len(test),), torch.inf)
    other = same.clone()
    for start in range(0, len(train), PART):
        distances = torch.cdist(x, train.images[start : start + PART].flatten(1), p=p)
        alike = test.labels[:, None] == train.labels[start : start + PART]
        same = torch.minimum(same, distances.masked_fill(~alike, torch.inf).amin(1))
        other = torch.minimum(other, distances.masked_fill(alike, torch.inf).amin(1))
        report(start + PART, len(train), f"neighbours, {name}")
    return same, other


@measurement(trainings=standard_only)
def first_thousand(profile: Profile) -> Result:
    """Accuracy of the standard model, clean and under FGSM, on the first test images and on the rest."""
    test, model = mnist("test"), standard(profile)
    n = len(test) if profile.test_images is None else min(len(test), 2 * FIRST)
    x, y = test.images[:n], test.labels[:n]
    right = {"clean": predict(model, x) == y, "FGSM": predict(model, fgsm(model, x, y, SMALL)) == y}
    return {"epsilon": SMALL, "first": FIRST} | {
        name: {"first": share(of[:FIRST]), "rest": share(of[FIRST:])} for name, of in right.items()
    }
