"""The lengths that show why smoothing says nothing useful about L-infinity here; and the pictures of noise."""

from __future__ import annotations

import math
from statistics import NormalDist

import torch

from advlab.chapters.smoothing.measure import (
    ALPHA,
    DRAWS,
    HALF,
    SEED,
    SIGMAS,
    Result,
    number,
    of_half,
    of_one,
    of_quarter,
    smoothable,
)
from advlab.data import indices, mnist, subset
from advlab.defenses.smoothing import largest_radius
from advlab.engine.cache.computation import Computation
from advlab.engine.cache.profile import Profile
from advlab.engine.chapter import measurement
from advlab.models.inference import predict

#: The epsilon of most of this book's L-infinity figures, in pixel units.
EPSILON = 0.3
#: Training images among which the nearest one of another class is found.
NEIGHBOURS = 10_000
#: Draws for the votes below a picture.
VOTES = 100


@measurement
def lengths(profile: Profile) -> Result:
    """The L2 radius that covers an L-infinity ball, beside lengths of images and distances between classes."""
    test, train = subset(number(profile)), subset(NEIGHBOURS, "train")
    pixels = test.images[0].numel()
    apart = torch.cdist(test.images.flatten(1), train.images.flatten(1))
    nearest = apart.masked_fill(test.labels[:, None] == train.labels, torch.inf).amin(1)
    covering = EPSILON * math.sqrt(pixels)
    # The bound from n draws that all agree is alpha ** (1 / n); it has to reach the normal probability of the radius.
    missing = 0.5 * math.erfc(covering / max(SIGMAS) / math.sqrt(2))
    reach = max(largest_radius(DRAWS[sigma], ALPHA, sigma) for sigma in SIGMAS)
    return {
        "epsilon": EPSILON,
        "pixels": pixels,
        "root": math.sqrt(pixels),
        "covering": covering,
        "mean length": float(mnist("test").images.flatten(1).norm(dim=1).mean()),
        "median distance to another class": float(nearest.median()),
        "within covering": float((nearest < covering).float().mean()),
        "n": len(test),
        "neighbours": NEIGHBOURS,
        "largest sigma": max(SIGMAS),
        "draws needed, power of ten": math.log10(-math.log(ALPHA) / missing),
        "sigma needed": covering / NormalDist().inv_cdf(ALPHA ** (1 / DRAWS[HALF])),
        "reach": reach,
        "reach, L-infinity": reach / math.sqrt(pixels),
    }


def of_all(profile: Profile) -> list[Computation]:
    """The three trainings."""
    return [*of_quarter(profile), *of_half(profile), *of_one(profile)]


@measurement(trainings=of_all)
def picture(profile: Profile) -> Result:
    """The first image of the subset under each noise, and the votes of that noise's network over many draws."""
    image, label = subset(number(profile)).images[:1], int(subset(number(profile)).labels[0])
    found: Result = {"index": int(indices(number(profile))[0]), "label": label, "votes": VOTES}
    found["clean"] = levels(image)
    found["noisy"] = {}
    for sigma in SIGMAS:
        generator = torch.Generator().manual_seed(SEED)
        noisy = image + sigma * torch.randn(VOTES, *image.shape[1:], generator=generator)
        counts = torch.bincount(predict(smoothable(profile, sigma), noisy), minlength=10)
        found["noisy"][f"{sigma:g}"] = {"shown": levels(noisy[:1].clamp(0, 1)), "counts": counts.tolist()}
    return found


def levels(image: torch.Tensor) -> list[list[int]]:
    """An image as grey levels, 0 to 255."""
    rows: list[list[int]] = (image.squeeze() * 255).round().int().tolist()
    return rows
