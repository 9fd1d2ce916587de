"""Certificates of smoothed networks: three sizes of noise, each with the network trained under it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from advlab import zoo
from advlab.data import Dataset, indices, subset
from advlab.defenses.smoothing import ABSTAIN, Certificates, certified_accuracy, certify, largest_radius
from advlab.engine.cache.computation import Computation
from advlab.engine.cache.profile import Profile
from advlab.engine.chapter import measurement
from advlab.evaluation import Proportion, predict

#: The sizes of the noise, in pixel units; the middle one gets the most draws.
QUARTER, HALF, ONE = 0.25, 0.5, 1.0
SIGMAS = (QUARTER, HALF, ONE)
#: Draws that bound the probability of an image's class, and those that guess the class beforehand.
DRAWS = {QUARTER: 2_000, HALF: 10_000, ONE: 2_000}
GUESSES = 100
#: The chance of a wrong certificate, per image.
ALPHA = 0.001
#: The most test images, and the parts in which they are certified in parallel where that costs most.
IMAGES, PARTS = 500, 5
#: L2 radii of the curves, in pixel units.
RADII = tuple(step / 20 for step in range(56))
SEED = 2019

Result = dict[str, Any]


def of_quarter(profile: Profile) -> list[Computation]:
    """The training under the smallest noise."""
    return [zoo.training(zoo.for_profile(zoo.SMOOTHED[QUARTER], profile))]


def of_half(profile: Profile) -> list[Computation]:
    """The training under the middle noise."""
    return [zoo.training(zoo.for_profile(zoo.SMOOTHED[HALF], profile))]


def of_one(profile: Profile) -> list[Computation]:
    """The training under the largest noise."""
    return [zoo.training(zoo.for_profile(zoo.SMOOTHED[ONE], profile))]


def smoothable(profile: Profile, sigma: float) -> nn.Module:
    """The network trained under noise of this size."""
    return zoo.trained(zoo.for_profile(zoo.SMOOTHED[sigma], profile))


def number(profile: Profile) -> int:
    """The number of test images certified: half of those of slow measurements; in the full profile all of them."""
    return profile.slow_images if profile.slow_images > 1000 else min(IMAGES, profile.slow_images // 2)


def draws(profile: Profile, sigma: float) -> int:
    """The number of draws for one image, fewer in a draft."""
    return DRAWS[sigma] * min(profile.slow_images, 1000) // 1000


def certificates(profile: Profile, sigma: float, part: int = 0, parts: int = 1) -> list[list[float]]:
    """Index, label, certified class (or `ABSTAIN`) and radius of every image of this part."""
    n = number(profile)
    test, index = subset(n), indices(n)
    chosen = torch.arange(part, n, parts)
    found = certify(
        smoothable(profile, sigma),
        test.images[chosen],
        sigma=sigma,
        generator=torch.Generator().manual_seed(SEED + part),
        n0=GUESSES,
        n=draws(profile, sigma),
        alpha=ALPHA,
    )
    columns = (index[chosen], test.labels[chosen], found.classes, found.radii)
    return [list(row) for row in zip(*(column.tolist() for column in columns), strict=True)]


@measurement(trainings=of_half)
def half_first(profile: Profile) -> Result:
    """Certificates under the middle noise for the first part of the images."""
    return {"rows": certificates(profile, HALF, 0, PARTS)}


@measurement(trainings=of_half)
def half_second(profile: Profile) -> Result:
    """Certificates under the middle noise for the second part of the images."""
    return {"rows": certificates(profile, HALF, 1, PARTS)}


@measurement(trainings=of_half)
def half_third(profile: Profile) -> Result:
    """Certificates under the middle noise for the third part of the images."""
    return {"rows": certificates(profile, HALF, 2, PARTS)}


@measurement(trainings=of_half)
def half_fourth(profile: Profile) -> Result:
    """Certificates under the middle noise for the fourth part of the images."""
    return {"rows": certificates(profile, HALF, 3, PARTS)}


@measurement(trainings=of_half)
def half_fifth(profile: Profile) -> Result:
    """Certificates under the middle noise for the fifth part of the images."""
    return {"rows": certificates(profile, HALF, 4, PARTS)}


def parts_of_half(profile: Profile) -> list[Computation]:
    """The training under the middle noise, and the parts of the certificates."""
    parts = (half_first, half_second, half_third, half_fourth, half_fifth)
    return [*of_half(profile), *(part.computation(profile) for part in parts)]


@measurement(trainings=of_quarter)
def quarter(profile: Profile) -> Result:
    """Certified accuracy by radius under the smallest noise."""
    return summary(profile, QUARTER, certificates(profile, QUARTER))


@measurement(trainings=parts_of_half)
def half(profile: Profile) -> Result:
    """Certified accuracy by radius under the middle noise, from its parts put together."""
    found = [part(profile)["rows"] for part in (half_first, half_second, half_third, half_fourth, half_fifth)]
    return summary(profile, HALF, sorted(row for rows in found for row in rows))


@measurement(trainings=of_one)
def one(profile: Profile) -> Result:
    """Certified accuracy by radius under the largest noise."""
    return summary(profile, ONE, certificates(profile, ONE))


def summary(profile: Profile, sigma: float, rows: list[list[float]]) -> Result:
    """Certified accuracies by radius, and accuracy of the network itself without noise and under one draw of it."""
    test, found = of_rows(rows)
    model, generator = smoothable(profile, sigma), torch.Generator().manual_seed(SEED)
    plain = predict(model, test.images)
    noisy = predict(model, test.images + sigma * torch.randn(test.images.shape, generator=generator))
    return {
        "sigma": sigma,
        "draws": draws(profile, sigma),
        "guesses": GUESSES,
        "alpha": ALPHA,
        "largest radius": largest_radius(draws(profile, sigma), ALPHA, sigma),
        "at": by_radius(found, test.labels),
        "abstains": share(found.classes == ABSTAIN),
        "wrong": share((found.classes != test.labels) & (found.classes != ABSTAIN)),
        "network without noise": share(plain == test.labels),
        "network, one draw": share(noisy == test.labels),
        "answers otherwise": share((found.classes != plain) & (found.classes != ABSTAIN)),
        "evidence": {"columns": ["index", "label", "class (-1: abstains)", "certified L2 radius"], "images": rows},
    }


def of_rows(rows: list[list[float]]) -> tuple[Dataset, Certificates]:
    """The images that rows of certificates refer to, and the certificates."""
    index, labels, classes, radii = (torch.tensor(column) for column in zip(*rows, strict=True))
    whole = subset(len(rows))
    if not torch.equal(whole.labels, labels) or not torch.equal(indices(len(rows)), index):
        raise ValueError("these are not the certificates of the images that `subset` gives")
    return whole, Certificates(classes, radii.double())


def by_radius(found: Certificates, labels: Tensor) -> Result:
    """Certified accuracy with interval at each of `RADII`, by the radius as text."""
    accuracies = certified_accuracy(found, labels, RADII)
    return {f"{radius:g}": of.to_json() for radius, of in zip(RADII, accuracies, strict=True)}


def share(of: Tensor) -> Result:
    """The share of true verdicts, with its interval."""
    return Proportion(int(of.sum()), len(of)).to_json()
