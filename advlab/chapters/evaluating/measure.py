"""What the page on evaluating measures: each pitfall once with the mistake and once done properly."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from advlab import zoo
from advlab.attacks import fgsm, pgd, square, transfer
from advlab.attacks.adaptive import Averaged, StraightThrough
from advlab.attacks.losses import cross_entropy, margin
from advlab.attacks.until_broken import pgd_until_broken
from advlab.chapters.evaluating.models import Dropping, Softmaxed, sharpened
from advlab.chapters.shared.evidence import reported
from advlab.chapters.shared.rounding import Rounding, rounded
from advlab.data import STD, Dataset, indices, subset
from advlab.engine.cache.computation import Computation
from advlab.engine.cache.profile import Profile
from advlab.engine.chapter import measurement
from advlab.evaluation import Proportion, predict

#: Test images for each pitfall, and a smaller number where each image costs many passes.
IMAGES, FEW = 300, 200
#: In pixel units. The largest leaves the undefended model nothing; the smallest leaves enough to compare.
LARGE, MIDDLE, SMALL = 0.3, 0.2, 0.1
#: The factor of the masked model's logits. It makes nearly all images' 32-bit probabilities exactly zero and one.
SCALE = 1000.0
LEVELS = 8
#: The share of pixels that the random layer blackens, and the draws per step of the attack that averages.
RATE, DRAWS = 0.3, 10
SHORT, LONG = 10, 40
QUERIES = 300
SEED = 19


def standard_only(profile: Profile) -> list[Computation]:
    """The training of the standard model."""
    return [zoo.training(zoo.for_profile(zoo.STANDARD, profile))]


def chosen(profile: Profile, most: int) -> tuple[Dataset, Tensor]:
    """Test images and their places in the test set: at most `most`, or all that the full profile asks for."""
    n = profile.slow_images if profile.slow_images > 1000 else min(most, profile.slow_images)
    return subset(n), indices(n)


def fresh_generator() -> torch.Generator:
    """A new generator with the page's seed for each attack, so that none depends on those before it."""
    return torch.Generator().manual_seed(SEED)


def standard(profile: Profile) -> nn.Module:
    """The trained standard model."""
    return zoo.trained(zoo.for_profile(zoo.STANDARD, profile))


@measurement(trainings=standard_only)
def masked(profile: Profile) -> dict[str, Any]:
    """Accuracy of the standard model with multiplied logits, under attacks on cross-entropy and attacks without it."""
    (test, index), model = chosen(profile, IMAGES), standard(profile)
    x, y = test.images, test.labels
    sharp = sharpened(model, SCALE)
    attacked = {
        "clean": x,
        "FGSM": fgsm(sharp, x, y, LARGE),
        "PGD": pgd_until_broken(sharp, x, y, LARGE, generator=fresh_generator(), steps=SHORT),
        "PGD, margin": pgd_until_broken(sharp, x, y, LARGE, generator=fresh_generator(), steps=LONG, loss=margin),
        "Square": square(sharp, x, y, LARGE, generator=fresh_generator(), queries=QUERIES),
        "transfer": transfer(sharp, x, y, LARGE, surrogate=model, attack=fgsm),
        "FGSM, undefended": fgsm(model, x, y, LARGE),
    }
    right = {name: predict(sharp, images) == y for name, images in attacked.items()}
    gradients = input_gradients(sharp, x, y)
    vanished = (gradients.flatten(1) == 0).all(1)
    return reported(index, y, right) | {
        "vanished": Proportion(int(vanished.sum()), len(y)).to_json(),
        "same answers": Proportion(int((predict(sharp, x) == predict(model, x)).sum()), len(y)).to_json(),
        "scale": SCALE,
        "epsilon": LARGE,
        "queries": QUERIES,
    }


def input_gradients(model: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """The gradient of each image's cross-entropy with respect to its pixels."""
    found = []
    for chunk, truth in zip(images.split(100), labels.split(100), strict=True):
        inputs = chunk.detach().requires_grad_()
        found.append(torch.autograd.grad(cross_entropy(model(inputs), truth).sum(), inputs)[0])
    return torch.cat(found)


@measurement(trainings=standard_only)
def rounding(profile: Profile) -> dict[str, Any]:
    """Accuracy of the standard model behind rounding, under FGSM and PGD, plain and with straight-through gradients."""
    (test, index), model = chosen(profile, IMAGES), standard(profile)
    x, y = test.images, test.labels
    defense = nn.Sequential(Rounding(LEVELS), model)
    through = StraightThrough(lambda images: rounded(images, LEVELS), model)
    attacked = {
        "clean": x,
        "FGSM": fgsm(defense, x, y, LARGE),
        "FGSM, straight through": fgsm(through, x, y, LARGE),
        "PGD, straight through": pgd_until_broken(
            through, x, y, LARGE, generator=fresh_generator(), steps=LONG, loss=margin
        ),
    }
    right = {name: predict(defense, images) == y for name, images in attacked.items()}
    return reported(index, y, right) | {"levels": LEVELS, "epsilon": LARGE}


@measurement(trainings=standard_only)
def dropping(profile: Profile) -> dict[str, Any]:
    """Accuracy of the standard model behind random blackening, under FGSM through one draw and a mean of several."""
    (test, index), model = chosen(profile, IMAGES), standard(profile)
    x, y = test.images, test.labels
    defense = nn.Sequential(Dropping(RATE, SEED), model)
    attacked = {
        "clean": x,
        "FGSM, one draw": fgsm(defense, x, y, MIDDLE),
        "FGSM, mean of draws": fgsm(Averaged(defense, DRAWS), x, y, MIDDLE),
    }
    right = {name: predict(defense, images) == y for name, images in attacked.items()}
    before, after = right["clean"], right["FGSM, mean of draws"]
    of_right = Proportion(int((before & after).sum()), int(before.sum()))
    return reported(index, y, right) | {
        "of those right before": of_right.to_json(),
        "rate": RATE,
        "draws": DRAWS,
        "epsilon": MIDDLE,
    }


@measurement(trainings=standard_only)
def outputs(profile: Profile) -> dict[str, Any]:
    """Accuracy of the standard model under PGD on probabilities, with dropout left on, and done properly."""
    (test, index), model = chosen(profile, IMAGES), standard(profile)
    x, y = test.images, test.labels
    probabilities = pgd(Softmaxed(model), x, y, SMALL, generator=fresh_generator(), steps=SHORT)
    logits_too = pgd(model, x, y, SMALL, generator=fresh_generator(), steps=SHORT)
    right = {
        "clean": predict(model, x) == y,
        "PGD on probabilities": predict(model, probabilities) == y,
        "PGD on logits": predict(model, logits_too) == y,
        "PGD in train mode": in_train_mode(model, x, y),
    }
    return reported(index, y, right) | {"steps": SHORT, "epsilon": SMALL}


def in_train_mode(model: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """Mask of the images that are right under a PGD that forgets `model.eval()`, while attacking and while judging."""
    kept = []
    model.train()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        for x, y in zip(images.split(100), labels.split(100), strict=True):
            adversarial = (x + SMALL * (2 * torch.rand_like(x) - 1)).clamp(0, 1)
            for _ in range(SHORT):
                adversarial.requires_grad_()
                loss = F.cross_entropy(model(adversarial), y, reduction="sum")
                (gradient,) = torch.autograd.grad(loss, adversarial)
                moved = adversarial.detach() + 2.5 * SMALL / SHORT * gradient.sign()
                adversarial = (x + (moved - x).clamp(-SMALL, SMALL)).clamp(0, 1)
            with torch.no_grad():
                kept.append(model(adversarial).argmax(1) == y)
    model.eval()
    return torch.cat(kept)


@measurement(trainings=standard_only)
def search(profile: Profile) -> dict[str, Any]:
    """Accuracy of the standard model under PGD with the wrong unit, with too few steps, and done properly."""
    (test, index), model = chosen(profile, IMAGES), standard(profile)
    x, y = test.images, test.labels
    attacked = {
        "clean": x,
        "normalised epsilon": pgd_until_broken(model, x, y, SMALL * STD, generator=fresh_generator(), steps=LONG),
        "one step": pgd_until_broken(model, x, y, SMALL, generator=fresh_generator(), steps=1, step_size=SMALL / 4),
        "few steps": pgd_until_broken(model, x, y, SMALL, generator=fresh_generator(), steps=4, step_size=SMALL / 4),
        "many steps": pgd_until_broken(model, x, y, SMALL, generator=fresh_generator(), steps=LONG),
    }
    right = {name: predict(model, images) == y for name, images in attacked.items()}
    return reported(index, y, right) | {
        "steps": LONG,
        "few": 4,
        "epsilon": SMALL,
        "in pixels": SMALL * STD,
    }
