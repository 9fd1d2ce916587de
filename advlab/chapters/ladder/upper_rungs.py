"""The upper rungs, which cost more and so see fewer images: ten restarts, more steps, AutoAttack."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from advlab import zoo
from advlab.attacks.autoattack import autoattack_verdicts
from advlab.attacks.until_broken import pgd_until_broken
from advlab.chapters.ladder.measure import STEPS, by_image, chosen, robust_only, share, standard_only
from advlab.data import Dataset
from advlab.engine.cache.profile import Profile
from advlab.engine.cache.progress import report
from advlab.engine.chapter import measurement
from advlab.evaluation import predict
from advlab.training import Recipe

#: In pixel units: epsilons at which a model is partly broken, and larger ones.
STANDARD_EPSILONS = (0.1, 0.15, 0.2, 0.3)
ROBUST_EPSILONS = (0.3, 0.4)
#: The epsilons at which steps and restarts are doubled.
STANDARD_AT, ROBUST_AT = 0.1, 0.3
#: The epsilons at which AutoAttack runs: its thousands of passes take half a minute if any image withstands.
STANDARD_AUTOATTACK = (0.1, 0.3)
#: How many of a thousand images the upper rungs see.
IMAGES, AUTOATTACK_IMAGES = 100, 100
RESTARTS = 10
DOUBLED = (1, 2, 5, 10, 20, 40, 80, 160)
SEED = 160


@measurement(trainings=standard_only)
def standard_restarts(profile: Profile) -> dict[str, Any]:
    """Accuracy of the standard model under PGD, after each of ten restarts."""
    return restarted(zoo.for_profile(zoo.STANDARD, profile), profile, STANDARD_EPSILONS)


@measurement(trainings=robust_only)
def robust_restarts(profile: Profile) -> dict[str, Any]:
    """Accuracy of the PGD-trained model under PGD, after each of ten restarts."""
    return restarted(zoo.for_profile(zoo.ROBUST, profile), profile, ROBUST_EPSILONS)


@measurement(trainings=standard_only)
def standard_steps(profile: Profile) -> dict[str, Any]:
    """Accuracy of the standard model under PGD from one random start, by the number of steps."""
    return stepped(zoo.for_profile(zoo.STANDARD, profile), profile, STANDARD_AT)


@measurement(trainings=robust_only)
def robust_steps(profile: Profile) -> dict[str, Any]:
    """Accuracy of the PGD-trained model under PGD from one random start, by the number of steps."""
    return stepped(zoo.for_profile(zoo.ROBUST, profile), profile, ROBUST_AT)


@measurement(trainings=standard_only)
def standard_autoattack(profile: Profile) -> dict[str, Any]:
    """Accuracy of the standard model under AutoAttack, and under PGD with ten restarts on the same images."""
    return all_four(zoo.for_profile(zoo.STANDARD, profile), profile, STANDARD_AUTOATTACK)


@measurement(trainings=robust_only)
def robust_autoattack(profile: Profile) -> dict[str, Any]:
    """Accuracy of the PGD-trained model under AutoAttack, and under PGD with ten restarts on the same images."""
    return all_four(zoo.for_profile(zoo.ROBUST, profile), profile, (ROBUST_AT,))


def restarted(recipe: Recipe, profile: Profile, epsilons: tuple[float, ...]) -> dict[str, Any]:
    """Accuracy at each epsilon after each restart; an image once broken stays broken."""
    model, (test, index) = zoo.trained(recipe), chosen(profile, IMAGES)
    generator = torch.Generator().manual_seed(SEED)
    rows: dict[str, Any] = {}
    verdicts: dict[str, Tensor] = {}
    for done, epsilon in enumerate(epsilons):
        rights = after_restarts(model, test, epsilon, generator)
        rows[f"{epsilon:g}"] = [share(right) for right in rights]
        verdicts |= {f"{epsilon:g} after {count + 1}": right for count, right in enumerate(rights)}
        report(done + 1, len(epsilons))
    return {"n": len(test), "restarts": RESTARTS, "epsilons": rows, "evidence": by_image(index, verdicts)}


def after_restarts(model: nn.Module, test: Dataset, epsilon: float, generator: torch.Generator) -> list[Tensor]:
    """Masks of the images right after one restart, two, and so on; a broken image is not attacked again."""
    right = predict(model, test.images) == test.labels
    rights = []
    for _ in range(RESTARTS):
        standing = right.nonzero()[:, 0]
        if len(standing):
            x, y = test.images[standing], test.labels[standing]
            found = pgd_until_broken(model, x, y, epsilon, generator=generator, steps=STEPS)
            right = right.clone()
            right[standing] = predict(model, found) == y
        rights.append(right)
    return rights


def stepped(recipe: Recipe, profile: Profile, epsilon: float) -> dict[str, Any]:
    """Accuracy under PGD by the number of steps, together 2.5 radii long, from the same random starts."""
    model, (test, index) = zoo.trained(recipe), chosen(profile, IMAGES)
    rows: dict[str, Any] = {}
    verdicts: dict[str, Tensor] = {}
    for done, steps in enumerate(DOUBLED):
        generator = torch.Generator().manual_seed(SEED)
        found = pgd_until_broken(model, test.images, test.labels, epsilon, generator=generator, steps=steps)
        verdicts[f"{steps} steps"] = predict(model, found) == test.labels
        rows[str(steps)] = share(verdicts[f"{steps} steps"])
        report(done + 1, len(DOUBLED))
    return {"n": len(test), "epsilon": epsilon, "steps": rows, "evidence": by_image(index, verdicts)}


def all_four(recipe: Recipe, profile: Profile, epsilons: tuple[float, ...]) -> dict[str, Any]:
    """Accuracy under AutoAttack, how many images each of its four attacks broke, and accuracy under PGD on the same."""
    model, (test, index) = zoo.trained(recipe), chosen(profile, AUTOATTACK_IMAGES)
    generator = torch.Generator().manual_seed(SEED)
    rows: dict[str, Any] = {}
    verdicts: dict[str, Tensor] = {}
    for done, epsilon in enumerate(epsilons):
        found = autoattack_verdicts(model, test.images, test.labels, epsilon, generator=generator)
        right = found.right
        by_pgd = after_restarts(model, test, epsilon, generator)[-1]
        rows[f"{epsilon:g}"] = {
            "AutoAttack": share(right),
            "PGD": share(by_pgd),
            "only AutoAttack breaks": int((by_pgd & ~right).sum()),
            "only PGD breaks": int((right & ~by_pgd).sum()),
            "broken by": {name: found.broken_by.count(name) for name in ("APGD-CE", "APGD-T", "FAB-T", "Square")},
        }
        verdicts |= {f"AutoAttack {epsilon:g}": right, f"PGD {epsilon:g}": by_pgd}
        report(done + 1, len(epsilons))
    return {"n": len(test), "epsilons": rows, "evidence": by_image(index, verdicts)}
