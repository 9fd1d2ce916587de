"""A model's robustness by image: the epsilons up to which it is proved and survived, and the one at which it broke.

Several pages on defenses measure their models like this, by the same attacks on the same images. L-infinity, pixel
units.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from advlab.attacks import apgd, apgd_targeted, fgsm, square
from advlab.attacks.losses import cross_entropy, margin
from advlab.attacks.until_broken import pgd_until_broken
from advlab.audit import checks_of_attacks, checks_of_gradients
from advlab.audit.slope import slope
from advlab.data import Dataset
from advlab.defenses import certified
from advlab.engine.cache.profile import Profile
from advlab.engine.cache.progress import report
from advlab.evaluation import Attack, Proportion, predict, worst_case

#: The number of test images for each model.
IMAGES = 500
#: Every image is attacked at the first of these, then at a smaller epsilon if it broke, at a larger one if it survived.
FIRST, SECOND = 0.1, 0.3
SMALLER, BETWEEN, LARGER = 0.05, 0.2, 0.4
LEVELS = (SMALLER, FIRST, BETWEEN, SECOND, LARGER)
#: The epsilons at which shares are given, for the figure of bands.
GRID = tuple(round(0.025 * step, 3) for step in range(17))
#: Settings of PGD, then of AutoAttack without FAB and with fewer steps: a robust model takes half a minute, not five.
PGD_STEPS = 40
STEPS, TARGET_STEPS, TARGETS, QUERIES = 50, 25, 3, 300
SEED = 51
#: Images checked for signs of masked gradients, and the steps of PGD and queries of Square on them.
LOOKED_AT, LOOKING_STEPS, LOOKING_QUERIES = 100, 40, 200

Result = dict[str, Any]


def number_of(profile: Profile) -> int:
    """The number of test images: all that the full profile takes, fewer in a draft."""
    return profile.slow_images if profile.slow_images > 1000 else min(IMAGES, profile.slow_images // 2)


def shortened(epsilon: float) -> dict[str, Attack]:
    """PGD on the margin, APGD on cross-entropy, APGD towards the likeliest classes, Square: each on what survived.

    PGD is among them since a short APGD is not always stronger: on a network trained by TRADES on few images it left
    one image in twenty that plain PGD breaks.
    """
    generator = torch.Generator().manual_seed(SEED)
    shared: dict[str, Any] = {"epsilon": epsilon, "generator": generator}
    return {
        "PGD": partial(pgd_until_broken, **shared, steps=PGD_STEPS, loss=margin),
        "APGD-CE": partial(apgd, **shared, steps=STEPS),
        "APGD-T": partial(apgd_targeted, **shared, steps=TARGET_STEPS, target_classes=TARGETS),
        "Square": partial(square, **shared, queries=QUERIES),
    }


def standing(model: nn.Module, test: Dataset, index: Tensor) -> Result:
    """Results of the model under `shortened` at up to three epsilons per image, and what intervals prove about it.

    Sound shortcuts: an image broken at one epsilon is broken at all larger ones; one that survived is not attacked at
    smaller ones; one that is proved at an epsilon is not attacked there.
    """
    x, y = test.images, test.labels
    right = predict(model, x) == y
    survived, broken = torch.zeros(len(y)), torch.where(right, torch.inf, 0.0)
    proved = torch.where(right, 0.0, -torch.inf)
    for epsilon in GRID[1:]:
        proof = certified(model, x, y, epsilon)
        proved[proof] = epsilon
        if not proof.any():  # nor is there a proof in any larger ball
            break
    by: dict[str, int] = {}

    def attack(epsilon: float, whom: Tensor) -> None:
        chosen = whom.nonzero().flatten()
        spared = chosen[proved[chosen] >= epsilon]
        survived[spared] = epsilon
        chosen = chosen[proved[chosen] < epsilon]
        if len(chosen):
            found = worst_case(model, x[chosen], y[chosen], shortened(epsilon))
            survived[chosen[found.right]] = epsilon
            broken[chosen[~found.right]] = epsilon
            for name in filter(None, found.broken_by):
                by[name] = by.get(name, 0) + 1
        report(LEVELS.index(epsilon) + 1, len(LEVELS))

    attack(FIRST, right)
    attack(SECOND, right & (survived >= FIRST))
    attack(SMALLER, right & (broken == FIRST))
    attack(BETWEEN, right & (broken == SECOND))
    attack(LARGER, right & (survived >= SECOND))
    columns = torch.stack([survived, broken, proved], dim=1).double().mul(1000).round().div(1000).tolist()
    rows = [
        [*pair, *(None if value in (float("inf"), float("-inf")) else value for value in row)]
        for pair, row in zip(torch.stack([index, y], dim=1).tolist(), columns, strict=True)
    ]
    return {
        "n": len(y),
        "clean": proportion(right),
        "robust": {f"{epsilon:g}": proportion(broken > epsilon + 1e-6) for epsilon in (FIRST, SECOND)},
        "certified": {f"{epsilon:g}": proportion(proved >= epsilon - 1e-6) for epsilon in (FIRST, SECOND)},
        "broken by": by,
        "bands": bands(survived, broken, proved),
        "evidence": {"columns": ["index", "label", "survived", "broken", "certified"], "images": rows},
    }


def bands(survived: Tensor, broken: Tensor, certified: Tensor) -> dict[str, list[float]]:
    """Shares of images at each epsilon of `GRID`: proved, attacked and survived, neither, broken. They add up to 1.

    Args:
        survived: the largest epsilon at which each image withstood the attacks or is proved; 0 for none.
        broken: the smallest at which it broke; 0 for an image that was wrong from the start, infinity for none.
        certified: the largest at which it is proved; minus infinity if the clean image is wrong.
    """
    found: dict[str, list[float]] = {"epsilon": [], "certified": [], "survived": [], "unknown": [], "broken": []}
    for epsilon in GRID:
        beaten = broken <= epsilon + 1e-6
        sure = ~beaten & (certified >= epsilon - 1e-6)
        stood = ~beaten & ~sure & (survived >= epsilon - 1e-6)
        shares = (sure, stood, ~beaten & ~sure & ~stood, beaten)
        found["epsilon"].append(epsilon)
        for name, of in zip(("certified", "survived", "unknown", "broken"), shares, strict=True):
            found[name].append(float(of.double().mean()))
    return found


def proportion(right: Tensor) -> Result:
    """The share of these images that are right, as stored."""
    return Proportion(int(right.sum()), len(right)).to_json()


def signs_of_masking(model: nn.Module, test: Dataset) -> list[str]:
    """Names of the audit's flags for masked gradients, from some of its checks on some of the images."""
    x, y = test.images[:LOOKED_AT], test.labels[:LOOKED_AT]

    def chance() -> torch.Generator:
        return torch.Generator().manual_seed(SEED)

    def stands(images: Tensor) -> list[bool]:
        verdicts: list[bool] = (predict(model, images) == y).tolist()
        return verdicts

    options: dict[str, Any] = {"steps": LOOKING_STEPS}
    single = stands(fgsm(model, x, y, SECOND))
    many = stands(pgd_until_broken(model, x, y, SECOND, generator=chance(), loss=cross_entropy, **options))
    margins = stands(pgd_until_broken(model, x, y, SECOND, generator=chance(), loss=margin, **options))
    boxed = stands(square(model, x, y, SECOND, generator=chance(), queries=LOOKING_QUERIES))
    white = [all(of) for of in zip(single, many, margins, strict=True)]
    flags = (
        checks_of_gradients.zero_gradients(slope(model, x, y, SECOND, "Linf", 5)),
        checks_of_attacks.single_step(single, many),
        checks_of_attacks.losses_disagree(many, margins),
        checks_of_attacks.black_box(boxed, white, LOOKING_QUERIES),
    )
    return [flag.name for flag in flags if flag is not None and flag.severity == "masked"]
