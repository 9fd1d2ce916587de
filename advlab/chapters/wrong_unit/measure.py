"""What the page measures: accuracy under each way, the units, and one digit under all four."""

from typing import Any

import torch
from torch import Tensor, nn

from advlab import data, zoo
from advlab.chapters.shared.published import published
from advlab.chapters.shared.sign_steps import signs
from advlab.chapters.wrong_unit.variants import EPSILONS, WAYS, described, four_ways, normalise, without_normalisation
from advlab.data import MEAN, STD
from advlab.engine.cache.profile import Profile
from advlab.engine.chapter import measurement
from advlab.evaluation import Proportion, logits, predict
from advlab.models.rewriting import for_attacks
from advlab.threat import epsilon_units, from_normalised

#: The accuracies that the article prints at these epsilons.
PRINTED = tuple(
    float(published(f"article_fgsm_{size:g}" if size else "article_clean_accuracy")["value"]) for size in EPSILONS
)

#: Twenty passes over all test images would cost more than the rest of the page is worth: a quarter of them.
IMAGES = 2500
PICTURED = 0.2
CANDIDATES = 200


def misfit(accuracies: list[float]) -> float:
    """Mean absolute distance from the accuracies that the article prints, in percentage points."""
    return 100 * sum(abs(ours - theirs) for ours, theirs in zip(accuracies, PRINTED, strict=True)) / len(PRINTED)


@measurement(trainings=lambda profile: [zoo.training(zoo.for_profile(zoo.STANDARD, profile))])
def ways(profile: Profile) -> dict[str, Any]:
    """Accuracy, and what becomes of the pixels, under four ways to run FGSM on one network, seed 0."""
    network = for_attacks(without_normalisation(zoo.trained(zoo.for_profile(zoo.STANDARD, profile))))
    count = min(IMAGES, profile.test_images or IMAGES)
    test = data.subset(count)
    clean = normalise(test.images)
    sign = signs(network, clean, test.labels)
    right_at_once = predict(network, clean) == test.labels
    start = four_ways(test.images, sign, 0.0)
    result: dict[str, Any] = {way: {} for way in WAYS}
    wrong: dict[str, Any] = {way: {} for way in WAYS}
    indices = data.indices(count)
    for epsilon in EPSILONS:
        for way, seen in four_ways(test.images, sign, epsilon).items():
            right = right_at_once if torch.equal(seen, clean) else predict(network, seen) == test.labels
            result[way][f"{epsilon:g}"] = {
                "accuracy": Proportion(int(right.sum()), len(test)).to_json(),
                **described(clean, start[way], seen),
            }
            wrong[way][f"{epsilon:g}"] = indices[~right].tolist()
    for way in WAYS:
        result[way]["misfit"] = misfit([result[way][f"{e:g}"]["accuracy"]["value"] for e in EPSILONS])
    return {**result, "n": len(test), "evidence": {"misclassified test images, by their index in MNIST": wrong}}


@measurement
def units(profile: Profile) -> dict[str, Any]:
    """The conversions between pixel units, grey levels and normalised units, and where each clamp ends."""
    black, white = (0 - MEAN) / STD, (1 - MEAN) / STD
    as_pixels = {f"{e:g}": epsilon_units(e) for e in EPSILONS}
    as_normalised = {f"{e:g}": epsilon_units(from_normalised(e)) for e in EPSILONS}
    limits = {"article": (0.0, 1.0), "repository": (-2.0, 2.0), "normalised": (black, white), "pixels": (black, white)}
    return {
        "mean": MEAN,
        "std": STD,
        "range": {"low": black, "high": white, "width": white - black},
        "pixels": {name: sizes._asdict() for name, sizes in as_pixels.items()},
        "normalised": {
            name: {**sizes._asdict(), "share": sizes.normalised / (white - black)}
            for name, sizes in as_normalised.items()
        },
        "ratio": 1 / STD,
        "clamps": {way: {"low": low * STD + MEAN, "high": high * STD + MEAN} for way, (low, high) in limits.items()},
    }


@measurement(trainings=lambda profile: [zoo.training(zoo.for_profile(zoo.STANDARD, profile))])
def pictures(profile: Profile) -> dict[str, Any]:
    """The first digit that D breaks at epsilon 0.2 and A does not, as the network sees it under each way."""
    network = without_normalisation(zoo.trained(zoo.for_profile(zoo.STANDARD, profile)))
    test = data.subset(CANDIDATES)
    clean = normalise(test.images)
    sign = signs(network, clean, test.labels)
    attacked = four_ways(test.images, sign, PICTURED)
    right = {way: predict(network, seen) == test.labels for way, seen in attacked.items()}
    telling = (predict(network, clean) == test.labels) & right["article"] & ~right["pixels"]
    chosen = int(telling.nonzero()[0]) if telling.any() else 0
    start = four_ways(test.images, sign, 0.0)
    return {
        "index": int(data.indices(CANDIDATES)[chosen]),
        "label": int(test.labels[chosen]),
        "clean": _picture(network, clean[chosen]),
        "0": {way: _picture(network, seen[chosen]) for way, seen in start.items()},
        f"{PICTURED:g}": {way: _picture(network, seen[chosen]) for way, seen in attacked.items()},
    }


def _picture(network: nn.Module, seen: Tensor) -> dict[str, Any]:
    """A normalised image back in pixels, with the network's answer to it."""
    confidence, digit = logits(network, seen[None]).softmax(dim=1)[0].max(dim=0)
    pixels = seen[0].double() * STD + MEAN
    return {
        "pixels": [[round(value, 3) for value in row] for row in pixels.tolist()],
        "digit": int(digit),
        "confidence": float(confidence),
    }
