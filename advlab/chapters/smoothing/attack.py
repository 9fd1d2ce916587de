"""The attack made for smoothing, at several radii, and what the certificates say about its images."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from advlab.attacks import pgd
from advlab.chapters.smoothing.measure import (
    ALPHA,
    HALF,
    ONE,
    QUARTER,
    Result,
    half,
    number,
    of_half,
    of_one,
    of_quarter,
    one,
    quarter,
    share,
    smoothable,
)
from advlab.data import Dataset, indices, subset
from advlab.defenses.smoothing import ABSTAIN, predict
from advlab.defenses.smoothing_attack import Smoothed
from advlab.engine.cache.computation import Computation
from advlab.engine.cache.profile import Profile
from advlab.engine.chapter import Measurement, measurement

#: Increasing L2 radii, in pixel units, at which each smoothed classifier is attacked.
TRIED = {QUARTER: (0.5, 1.0, 1.5), HALF: (0.5, 1.0, 1.5, 2.0, 3.0), ONE: (1.0, 2.0, 3.0)}
#: One in this many certified images is attacked.
EVERY = 5
#: Steps of the attack, and draws of noise for the gradient of each step.
STEPS, SAMPLES = 20, 16
#: Draws for the verdict on an attacked image.
VERDICT = 500
SEED = 1906


def before_quarter(profile: Profile) -> list[Computation]:
    """The training and the certificates that the attack on the smallest noise needs."""
    return [*of_quarter(profile), quarter.computation(profile)]


def before_half(profile: Profile) -> list[Computation]:
    """The training and the certificates that the attack on the middle noise needs."""
    return [*of_half(profile), half.computation(profile)]


def before_one(profile: Profile) -> list[Computation]:
    """The training and the certificates that the attack on the largest noise needs."""
    return [*of_one(profile), one.computation(profile)]


@measurement(trainings=before_quarter)
def attacked_quarter(profile: Profile) -> Result:
    """Accuracy of the smoothed classifier of the smallest noise under attack, beside its certificates."""
    return attacked(profile, QUARTER, quarter)


@measurement(trainings=before_half)
def attacked_half(profile: Profile) -> Result:
    """Accuracy of the smoothed classifier of the middle noise under attack, beside its certificates."""
    return attacked(profile, HALF, half)


@measurement(trainings=before_one)
def attacked_one(profile: Profile) -> Result:
    """Accuracy of the smoothed classifier of the largest noise under attack, beside its certificates."""
    return attacked(profile, ONE, one)


def attacked(profile: Profile, sigma: float, certificates: Measurement) -> Result:
    """Accuracy at each radius under PGD on the network alone and PGD through the noise, and broken certificates."""
    n = number(profile)
    chosen = torch.arange(0, n, EVERY)
    whole, index = subset(n), indices(n)[chosen]
    test = Dataset(whole.images[chosen], whole.labels[chosen])
    proved = radii_of(certificates, profile, index)
    model = smoothable(profile, sigma)
    through = Smoothed(model, sigma, SAMPLES, torch.Generator().manual_seed(SEED))
    answers = {
        "alone": under_attack(model, model, test, sigma),
        "through": under_attack(through, model, test, sigma),
    }
    found: Result = {"sigma": sigma, "steps": STEPS, "samples": SAMPLES, "verdict": VERDICT, "alpha": ALPHA}
    found["radii"] = {
        f"{radius:g}": {
            "PGD on the network": share(answers["alone"][row] == test.labels),
            "PGD through the noise": share(answers["through"][row] == test.labels),
            "certified": share(proved >= radius),
            "broken certificates": broken(answers, row, test.labels, proved >= radius),
        }
        for row, radius in enumerate(TRIED[sigma])
    }
    columns = [f"{kind}, radius {radius:g}" for kind in answers for radius in TRIED[sigma]]
    verdicts = [answers[kind][row].tolist() for kind in answers for row in range(len(TRIED[sigma]))]
    rows = [list(row) for row in zip(index.tolist(), test.labels.tolist(), proved.tolist(), *verdicts, strict=True)]
    evidence = {"read as": "class, -1: abstains", "columns": ["index", "label", "proved L2 radius", *columns]}
    return found | {"evidence": evidence | {"images": rows}}


def radii_of(certificates: Measurement, profile: Profile, index: Tensor) -> Tensor:
    """The certified radius of each of these images; -1 if the certified class is wrong or there is none."""
    rows = certificates.computation(profile).get().json("evidence.json")["images"]
    proved = {int(row[0]): row[3] if row[1] == row[2] else -1.0 for row in rows}
    return torch.tensor([proved[number] for number in index.tolist()], dtype=torch.float64)


def under_attack(climbed: nn.Module, model: nn.Module, test: Dataset, sigma: float) -> Tensor:
    """The smoothed classifier's answers [radius, image] to the images that PGD on `climbed` makes.

    An image that gets a wrong answer at one radius keeps it at the larger ones: it lies in their balls, too.
    """
    attack, verdict = torch.Generator().manual_seed(SEED + 1), torch.Generator().manual_seed(SEED + 2)
    answers: list[Tensor] = []
    for radius in TRIED[sigma]:
        now = answers[-1].clone() if answers else test.labels.clone()
        standing = (now == test.labels).nonzero().squeeze(1)
        if len(standing):
            x, y = test.images[standing], test.labels[standing]
            made = pgd(climbed, x, y, radius, generator=attack, norm="L2", steps=STEPS)
            now[standing] = predict(model, made, sigma=sigma, generator=verdict, n=VERDICT, alpha=ALPHA)
        answers.append(now)
    return torch.stack(answers)


def broken(answers: dict[str, Tensor], row: int, labels: Tensor, proved: Tensor) -> int:
    """The number of images whose certificate reaches this radius and that get another class within it.

    Abstaining does not count as another class: at the edge of a certificate a verdict's draws may well not decide.
    """
    other = [(of[row] != labels) & (of[row] != ABSTAIN) for of in answers.values()]
    return int((proved & torch.stack(other).any(0)).sum())
