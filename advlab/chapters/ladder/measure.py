"""What the page on the ladder measures on the first four rungs: noise, FGSM, PGD, PGD with the margin loss."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from advlab import zoo
from advlab.attacks import fgsm, random_noise
from advlab.attacks.losses import cross_entropy, margin
from advlab.attacks.until_broken import pgd_until_broken
from advlab.data import Dataset, indices, subset
from advlab.engine.cache.computation import Computation
from advlab.engine.cache.profile import Profile
from advlab.engine.cache.progress import report
from advlab.engine.chapter import measurement
from advlab.evaluation import Proportion, paired, predict
from advlab.training import Recipe
from advlab.verify import Examples

#: In pixel units. The standard model has broken down where the PGD-trained one begins to.
STANDARD_EPSILONS = (0.1, 0.15, 0.2, 0.3)
ROBUST_EPSILONS = (0.1, 0.2, 0.3, 0.4, 0.5)
#: How many of a thousand images each rung sees.
IMAGES = 200
STEPS = 40
SEED = 40
#: The epsilon whose images are kept for `advlab verify`, and the most of them that are kept.
KEPT, MOST_KEPT = "0.1", 50


def standard_only(profile: Profile) -> list[Computation]:
    """The training of the standard model."""
    return [zoo.training(zoo.for_profile(zoo.STANDARD, profile))]


def robust_only(profile: Profile) -> list[Computation]:
    """The training of the model trained on PGD's examples."""
    return [zoo.training(zoo.for_profile(zoo.ROBUST, profile))]


def both(profile: Profile) -> list[Computation]:
    """Both trainings."""
    return [*standard_only(profile), *robust_only(profile)]


def chosen(profile: Profile, of_thousand: int) -> tuple[Dataset, Tensor]:
    """Test images for a slow attack, and their places in the test set: fewer in a draft, more where all are taken.

    For the costly rungs they are every second, or tenth, of the images that the first rungs see.
    """
    slow = profile.slow_images
    n, every = slow if slow > 1000 else IMAGES * slow // 1000, IMAGES // of_thousand
    test = subset(n)
    return Dataset(test.images[::every], test.labels[::every]), indices(n)[::every]


@measurement(trainings=standard_only)
def standard(profile: Profile) -> dict[str, Any]:
    """Accuracy of the standard model on the first four rungs of the ladder, by epsilon, on the same images."""
    return climbed(zoo.for_profile(zoo.STANDARD, profile), profile, STANDARD_EPSILONS, "standard")


@measurement(trainings=robust_only)
def robust(profile: Profile) -> dict[str, Any]:
    """Accuracy of the PGD-trained model on the first four rungs of the ladder, by epsilon, on the same images."""
    return climbed(zoo.for_profile(zoo.ROBUST, profile), profile, ROBUST_EPSILONS, "robust")


def climbed(recipe: Recipe, profile: Profile, epsilons: tuple[float, ...], name: str) -> dict[str, Any]:
    """Accuracy on each rung at each epsilon, FGSM and PGD paired, and verdicts on each image as evidence."""
    model, (test, index) = zoo.trained(recipe), chosen(profile, IMAGES)
    generator = torch.Generator().manual_seed(SEED)
    rows: dict[str, Any] = {}
    verdicts: dict[str, Any] = {"clean": predict(model, test.images) == test.labels}
    adversarial: bytes | None = None
    for done, epsilon in enumerate(epsilons):
        changed = rungs(model, test, epsilon, generator)
        right = {rung: predict(model, images) == test.labels for rung, images in changed.items()}
        rows[f"{epsilon:g}"] = {
            **{rung: share(of) for rung, of in right.items()},
            "FGSM and PGD": dict(paired(right["FGSM"], right["PGD"])),
        }
        verdicts |= {f"{rung} {epsilon:g}": of for rung, of in right.items()}
        if f"{epsilon:g}" == KEPT:
            broken = (verdicts["clean"] & ~right["PGD"]).nonzero()[:MOST_KEPT, 0]
            adversarial = kept(test, changed["PGD"], index, broken, epsilon, name)
        report(done + 1, len(epsilons))
    found = {
        "n": len(test),
        "steps": STEPS,
        "clean": share(verdicts["clean"]),
        "epsilons": rows,
        "evidence": by_image(index, verdicts),
    }
    return found | ({} if adversarial is None else {"adversarial": adversarial})


def rungs(model: nn.Module, test: Dataset, epsilon: float, generator: torch.Generator) -> dict[str, Tensor]:
    """The images after each of the first four rungs."""
    x, y = test.images, test.labels
    return {
        "noise": random_noise(model, x, y, epsilon, generator=generator),
        "FGSM": fgsm(model, x, y, epsilon),
        "PGD": pgd_until_broken(model, x, y, epsilon, generator=generator, steps=STEPS, loss=cross_entropy),
        "margin": pgd_until_broken(model, x, y, epsilon, generator=generator, steps=STEPS, loss=margin),
    }


def share(right: Tensor) -> dict[str, Any]:
    """The share of these images that are right, as stored."""
    return Proportion(int(right.sum()), len(right)).to_json()


def by_image(index: Tensor, verdicts: dict[str, Tensor]) -> dict[str, Any]:
    """Verdicts for each image: its place in the test set, then one number a column, 1 where it is right."""
    columns = torch.stack([index, *(verdicts[name].long() for name in verdicts)], dim=1)
    return {"columns": ["test image", *verdicts], "images": columns.tolist()}


def kept(test: Dataset, changed: Tensor, index: Tensor, chosen: Tensor, epsilon: float, name: str) -> bytes | None:
    """Adversarial images as a file for `advlab verify`; None if there are none."""
    if len(chosen) == 0:
        return None
    return Examples(
        test.images[chosen], changed[chosen], test.labels[chosen], index[chosen], epsilon, "Linf", name
    ).to_bytes()
