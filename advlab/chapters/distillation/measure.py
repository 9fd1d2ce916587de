"""What the page on distillation measures: the student as its authors tested it, then under attacks on its logits."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from advlab import zoo
from advlab.attacks import fgsm, pgd, transfer
from advlab.attacks.carlini_wagner import carlini_wagner
from advlab.attacks.losses import margin
from advlab.attacks.until_broken import pgd_until_broken
from advlab.chapters.distillation.saliency import saliency
from advlab.chapters.shared.evidence import reported
from advlab.data import Dataset, indices, subset
from advlab.defenses.distillation import Cooled, vanished
from advlab.engine.cache.computation import Computation
from advlab.engine.cache.profile import Profile
from advlab.engine.chapter import measurement
from advlab.evaluation import Proportion, distances, predict
from advlab.models.inference import logits

#: The number of test images for most attacks.
IMAGES = 500
#: In pixel units. All figures in the text are for the last one.
EPSILONS = (0.05, 0.1, 0.2, 0.3)
STEPS, SEED = 20, 23
#: Images under the authors' own attack (each for all nine wrong classes), the most pixels it may change (1 in 7).
FEW, PIXELS, CLASSES = 60, 112, 10
#: Carlini and Wagner's attack: values of c, steps for each, first c (small, as the student's logits are large), rate.
SEARCHES, ADAM_STEPS, FIRST_C, RATE = 2, 40, 0.02, 0.2


def both(profile: Profile) -> list[Computation]:
    """The trainings of the standard model and of teacher and student."""
    return [zoo.training(zoo.for_profile(zoo.STANDARD, profile)), zoo.distilling(profile)]


def models(profile: Profile) -> dict[str, nn.Module]:
    """The undefended model and the distilled one."""
    return {"standard": zoo.trained(zoo.for_profile(zoo.STANDARD, profile)), "student": zoo.student(profile)}


def chosen(profile: Profile, most: int) -> tuple[Dataset, Tensor]:
    """Test images and their places in the test set: at most `most`, or all that the full profile asks for."""
    n = profile.slow_images if profile.slow_images > 1000 else min(most, profile.slow_images)
    return subset(n), indices(n)


def fresh_generator() -> torch.Generator:
    """A new generator with the page's seed, for each attack."""
    return torch.Generator().manual_seed(SEED)


@measurement(trainings=both)
def gradients(profile: Profile) -> dict[str, Any]:
    """Accuracy, lead of the right logit and share of zero gradients of both models, without an attack."""
    (test, index), found = chosen(profile, IMAGES), {}
    x, y = test.images, test.labels
    for name, model in models(profile).items():
        outputs = logits(model, x)
        gone = {"at test temperature": vanished(model, x, y)}
        if name == "student":
            gone["cooled"] = vanished(Cooled(model, zoo.DISTILLED.temperature), x, y)
        verdicts = {"clean": outputs.argmax(1) == y} | {f"vanished {what}": of for what, of in gone.items()}
        found[name] = reported(index, y, verdicts) | {"lead": float(-margin(outputs, y).median())}
        found[name].pop("evidence")
    return found | {"temperature": zoo.DISTILLED.temperature}


@measurement(trainings=both)
def curves(profile: Profile) -> dict[str, Any]:
    """Accuracy of both models by epsilon: under FGSM, as the authors tested, and under PGD on the logits' margin."""
    test, _ = chosen(profile, IMAGES)
    x, y = test.images, test.labels
    found: dict[str, Any] = {"steps": STEPS, "epsilons": list(EPSILONS)}
    for name, model in models(profile).items():
        rows = {}
        for epsilon in EPSILONS:
            honest = pgd_until_broken(model, x, y, epsilon, generator=fresh_generator(), steps=STEPS, loss=margin)
            rows[f"{epsilon:g}"] = {
                "FGSM": right(model, fgsm(model, x, y, epsilon), y),
                "PGD, margin": right(model, honest, y),
            }
        found[name] = rows
    return found


def right(model: nn.Module, images: Tensor, labels: Tensor) -> dict[str, Any]:
    """The share of images answered right."""
    return Proportion(int((predict(model, images) == labels).sum()), len(labels)).to_json()


@measurement(trainings=both)
def attacks(profile: Profile) -> dict[str, Any]:
    """Accuracy of the student at the largest epsilon, under attacks that depend less and less on its softmax."""
    (test, index), of = chosen(profile, IMAGES), models(profile)
    x, y, student, epsilon = test.images, test.labels, of["student"], EPSILONS[-1]
    cooled = Cooled(student, zoo.DISTILLED.temperature)
    settled = partial(pgd, generator=fresh_generator(), steps=STEPS, loss=margin)
    attacked = {
        "clean": x,
        "FGSM": fgsm(student, x, y, epsilon),
        "PGD": pgd_until_broken(student, x, y, epsilon, generator=fresh_generator(), steps=STEPS),
        "FGSM, cooled": fgsm(cooled, x, y, epsilon),
        "PGD, cooled": pgd_until_broken(cooled, x, y, epsilon, generator=fresh_generator(), steps=STEPS),
        "PGD, margin": pgd_until_broken(student, x, y, epsilon, generator=fresh_generator(), steps=STEPS, loss=margin),
        "FGSM, transfer": transfer(student, x, y, epsilon, surrogate=of["standard"], attack=fgsm),
        "PGD, transfer": transfer(student, x, y, epsilon, surrogate=of["standard"], attack=settled),
    }
    verdicts = {name: predict(student, images) == y for name, images in attacked.items()}
    return reported(index, y, verdicts) | {"epsilon": epsilon, "steps": STEPS}


@measurement(trainings=both)
def nearest(profile: Profile) -> dict[str, Any]:
    """How many of the student's images Carlini and Wagner's L2 attack turns, and how far it moves them."""
    test, index = chosen(profile, IMAGES)
    x, y, student = test.images, test.labels, models(profile)["student"]
    made = carlini_wagner(student, x, y, search_steps=SEARCHES, steps=ADAM_STEPS, initial_c=FIRST_C, learning_rate=RATE)
    before, after = predict(student, x) == y, predict(student, made) == y
    moved = distances(student, x, y, made, "L2")[before & ~after]
    turned = Proportion(int((before & ~after).sum()), int(before.sum()))
    return reported(index, y, {"clean": before, "attacked": after}) | {
        "success": turned.to_json(),
        "median distance": float(moved.median()) if len(moved) else None,
        "median norm": float(x.flatten(1).norm(dim=1).median()),
    }


@measurement(trainings=both)
def authors_attack(profile: Profile) -> dict[str, Any]:
    """Success of the authors' attack on the undefended model, the student, and the student with smaller logits."""
    test, index = chosen(profile, FEW)
    pairs = [(i, c) for i, label in enumerate(test.labels.tolist()) for c in range(CLASSES) if c != label]
    rows, targets = (torch.tensor(side) for side in zip(*pairs, strict=True))
    x, of = test.images[rows], models(profile)
    student = of["student"]
    ways = {
        "standard": (of["standard"], of["standard"]),
        "student": (student, student),
        "cooled": (student, Cooled(student, zoo.DISTILLED.temperature)),
    }
    reached = {
        name: predict(judge, saliency(seen, x, targets, PIXELS)) == targets for name, (judge, seen) in ways.items()
    }
    return reported(index[rows], targets, reached) | {
        "pixels": PIXELS,
        "images": len(test.images),
    }
