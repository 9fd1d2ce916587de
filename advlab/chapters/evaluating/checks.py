"""The automatable checks of an evaluation, run on two honest models; and worst cases over restarts."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from advlab import zoo
from advlab.attacks import fgsm, random_noise, square
from advlab.attacks.ball import lengths
from advlab.attacks.losses import margin
from advlab.attacks.until_broken import pgd_until_broken
from advlab.chapters.evaluating.measure import (
    FEW,
    LARGE,
    LONG,
    SEED,
    SMALL,
    chosen,
    fresh_generator,
    input_gradients,
    standard,
    standard_only,
)
from advlab.chapters.shared.evidence import reported
from advlab.data import Dataset
from advlab.engine.cache.computation import Computation
from advlab.engine.cache.profile import Profile
from advlab.engine.chapter import measurement
from advlab.evaluation import Proportion, predict
from advlab.models.inference import CHUNK

#: Restarts, steps and epsilon (in pixel units) of a short PGD, chosen so that much depends on chance.
RESTARTS, STEPS, HALFWAY = 10, 2, 0.15
#: Square's queries: too few for it to beat the white-box attack where the gradient works.
QUERIES = 100


@measurement(trainings=standard_only)
def restarts(profile: Profile) -> dict[str, Any]:
    """Accuracy of the standard model under a short PGD from several random starts: each alone, and all together."""
    (test, index), model = chosen(profile, FEW), standard(profile)
    generator = torch.Generator().manual_seed(SEED)
    right = {}
    for number in range(1, RESTARTS + 1):
        made = pgd_until_broken(model, test.images, test.labels, HALFWAY, generator=generator, steps=STEPS)
        right[f"restart {number}"] = predict(model, made) == test.labels
    each = torch.stack(list(right.values()))
    found = reported(index, test.labels, right)
    return found | over_restarts(each) | {"restarts": RESTARTS, "steps": STEPS, "epsilon": HALFWAY}


def over_restarts(right: Tensor) -> dict[str, Any]:
    """The best and worst restart, and the worst for each batch and for each image, from verdicts [restart, image]."""
    n = right.shape[1]
    totals = right.sum(1)
    per_batch = sum(int(batch.sum(1).min()) for batch in right.split(CHUNK, dim=1))
    return {
        "best": Proportion(int(totals.max()), n).to_json(),
        "worst": Proportion(int(totals.min()), n).to_json(),
        "per batch": Proportion(per_batch, n).to_json(),
        "per example": Proportion(int(right.all(0).sum()), n).to_json(),
        "batch": CHUNK,
    }


def robust_only(profile: Profile) -> list[Computation]:
    """The training of the model trained on PGD's examples."""
    return [zoo.training(zoo.for_profile(zoo.ROBUST, profile))]


def both(profile: Profile) -> list[Computation]:
    """Both trainings: the standard model is the robust one's surrogate."""
    return [*standard_only(profile), *robust_only(profile)]


@measurement(trainings=both)
def checks_standard(profile: Profile) -> dict[str, Any]:
    """The automated checks of an evaluation on the standard model, at the smaller epsilon."""
    return checked(standard(profile), zoo.trained(zoo.for_profile(zoo.ROBUST, profile)), profile, SMALL)


@measurement(trainings=both)
def checks_robust(profile: Profile) -> dict[str, Any]:
    """The automated checks of an evaluation on the PGD-trained model, at the larger epsilon, its training's."""
    return checked(zoo.trained(zoo.for_profile(zoo.ROBUST, profile)), standard(profile), profile, LARGE)


def checked(model: nn.Module, surrogate: nn.Module, profile: Profile, epsilon: float) -> dict[str, Any]:
    """Accuracy of one model under the attacks whose order shows whether its evaluation can be trusted."""
    test, index = chosen(profile, FEW)
    x, y = test.images, test.labels
    attacked = {
        "clean": x,
        "noise": random_noise(model, x, y, epsilon, generator=fresh_generator()),
        "FGSM": fgsm(model, x, y, epsilon),
        "PGD, half the steps": pgd_until_broken(model, x, y, epsilon, generator=fresh_generator(), steps=LONG // 2),
        "PGD": pgd_until_broken(model, x, y, epsilon, generator=fresh_generator(), steps=LONG),
        "PGD, margin": pgd_until_broken(model, x, y, epsilon, generator=fresh_generator(), steps=LONG, loss=margin),
        "PGD, epsilon one": pgd_until_broken(model, x, y, 1.0, generator=fresh_generator(), steps=LONG),
        "transfer": fgsm(surrogate, x, y, epsilon),
        "Square": square(model, x, y, epsilon, generator=fresh_generator(), queries=QUERIES),
    }
    right = {name: predict(model, images) == y for name, images in attacked.items()}
    white = right["PGD"] & right["PGD, margin"]
    return reported(index, y, right) | {
        "worst case": Proportion(int((white & right["FGSM"]).sum()), len(y)).to_json(),
        "only black box": int((white & ~(right["transfer"] & right["Square"])).sum()),
        "vanished": int((input_gradients(model, x, y).flatten(1) == 0).all(1).sum()),
        "largest change": float(lengths(attacked["PGD"] - x, "Linf").max()),
        "unchanged at zero": torch.equal(fgsm(model, x, y, 0.0), x),
        "same again": same_again(model, test, epsilon, attacked["PGD"]),
        "epsilon": epsilon,
        "steps": LONG,
        "queries": QUERIES,
    }


def same_again(model: nn.Module, test: Dataset, epsilon: float, before: Tensor) -> bool:
    """Whether a second run with the same seed gives the same pixels as `before`, on the first batch of images."""
    few = slice(0, CHUNK)
    again = pgd_until_broken(
        model, test.images[few], test.labels[few], epsilon, generator=fresh_generator(), steps=LONG
    )
    return torch.equal(again, before[few])
