"""Measurements too long for a build: long recipes, judged by AutoAttack and by bounds, and smoothing with many draws.

They are not part of the site's build, which shows the last record, with date and machine. An interrupted run loses at
most the training or the judgement in progress: the store keeps trainings, and the record is written after each recipe.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import nn

from advlab import zoo
from advlab.attacks.autoattack import autoattack_verdicts
from advlab.data import Dataset, mnist, subset
from advlab.defenses import certified, certified_accuracy, largest_radius
from advlab.defenses.smoothing import ABSTAIN, certify
from advlab.engine.cache import machine
from advlab.engine.cache.source import PACKAGE
from advlab.engine.cache.store import write_atomically
from advlab.evaluation import Proportion, predict
from advlab.training import Recipe

RECORD = PACKAGE / "recorded" / "long.json"
#: Name of `smoothed` in `advlab build --recipe long --only`, and the file of its record.
SMOOTHING, SMOOTHED = "smoothing", PACKAGE / "recorded" / "smoothing.json"
#: L-infinity radii, in pixel units, at which every model is judged; and the number of test images for AutoAttack.
EPSILONS = (0.1, 0.3)
IMAGES = 1000
SEED = 20
#: Smoothing: the probability of a wrong certificate, and the L2 radii, in pixel units, of the recorded accuracies.
ALPHA, RADII = 0.001, (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75)


def run(
    recipes: Mapping[str, Recipe], *, images: int = IMAGES, record: Path = RECORD, say: Callable[[str], None] = print
) -> dict[str, Any]:
    """Trains and judges each recipe in turn, and writes the results beside those of other recipes.

    Args:
        recipes: by name, such as `advlab.zoo.LONG`.
        images: number of test images for AutoAttack, at least 1; bounds are computed for all test images.
        record: the JSON file that is rewritten after each recipe.
        say: called with a line of progress now and then.

    Returns:
        The content of the record.

    Raises:
        ValueError: `recipes` is empty, or `images` is below 1 or above the size of the test set.

    Source: advlab's own: AutoAttack and intervals, run by this book's command.
    """
    if not recipes or images < 1:
        raise ValueError(f"needs at least one recipe and images >= 1, got {len(recipes)} recipes and {images}")
    content: dict[str, Any] = {}
    for name, recipe in recipes.items():
        say(f"{name}: training for {recipe.epochs} epochs, unless the store has it")
        computation = zoo.training(recipe)
        model, history = zoo.trained(recipe), zoo.history(recipe)
        say(f"{name}: {history[-1]['test_accuracy']:.2%} clean; AutoAttack on {images:,} images, bounds on all")
        found = judged(model, mnist("test"), subset(images))
        found |= {
            "architecture": recipe.architecture.__name__,
            "epochs": recipe.epochs,
            "training seconds": sum(row["seconds"] for row in history),
            "key": computation.key,
            "machine": machine.describe(),
            "date": _today(),
        }
        known = json.loads(record.read_text(encoding="utf-8"))["figures"] if record.is_file() else {}
        content = _kept(record, {"figures": {**known, name: found}})
        say(f"{name}: " + ", ".join(f"{what} {one['value']:.2%}" for what, one in found["accuracy"].items()))
    return content


def smoothed(
    sigma: float = 0.5,
    *,
    images: int = 500,
    draws: int = 100_000,
    record: Path = SMOOTHED,
    say: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Certifies test images by randomised smoothing with as many draws as its authors took, and records the result.

    Args:
        sigma: standard deviation of the noise, in pixel units; one of `advlab.zoo.SMOOTHED`.
        images: number of test images that are certified, at least 1.
        draws: of noise for each image, at least 1.
        record: the JSON file that is written.
        say: called with a line of progress now and then.

    Returns:
        The content of the record.

    Raises:
        KeyError: no network was trained under noise of this size.
        ValueError: `images` or `draws` is below 1, or `images` is above the size of the test set.

    Source: Cohen, Rosenfeld, Kolter 2019 (arXiv 1902.02918).
    """
    recipe = zoo.SMOOTHED[sigma]
    test, model = subset(images), zoo.trained(recipe)
    say(f"smoothing: {draws:,} draws of noise for each of {images:,} images, sigma {sigma:g}")
    start = time.perf_counter()
    generator = torch.Generator().manual_seed(SEED)
    found = certify(model, test.images, sigma=sigma, generator=generator, n0=100, n=draws, alpha=ALPHA)
    accuracies = certified_accuracy(found, test.labels, RADII)
    content: dict[str, Any] = {
        "sigma": sigma,
        "draws": draws,
        "alpha": ALPHA,
        "n": images,
        "largest radius": largest_radius(draws, ALPHA, sigma),
        "abstains": int((found.classes == ABSTAIN).sum()),
        "at": {f"{radius:g}": of.to_json() for radius, of in zip(RADII, accuracies, strict=True)},
        "seconds": time.perf_counter() - start,
        "key": zoo.training(recipe).key,
    }
    say("smoothing: " + ", ".join(f"{radius} {of['value']:.1%}" for radius, of in content["at"].items()))
    return _kept(record, content)


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


def _kept(record: Path, found: dict[str, Any]) -> dict[str, Any]:
    """Writes the results with date, machine and versions; returns what was written."""
    content = {
        "command": "advlab build --recipe long",
        "date": _today(),
        "machine": machine.describe(),
        "versions": {package: version(package) for package in ("advlab", "torch", "torchvision", "numpy")},
        **found,
    }
    write_atomically(record, (json.dumps(content, indent=2, sort_keys=True) + "\n").encode())
    return content


def judged(model: nn.Module, everything: Dataset, some: Dataset) -> dict[str, Any]:
    """Accuracies on clean images, certified by bounds, and under AutoAttack, at both epsilons, and the seconds spent.

    AutoAttack skips images that are proved, where it could find nothing, and those broken in the smaller ball. For each
    ball the result counts the images that each of the four attacks broke first.

    Args:
        model: takes pixels in [0, 1], returns logits `[batch, classes]`.
        everything: the images for clean and certified accuracy.
        some: the images for AutoAttack.

    Returns:
        "accuracy", "broken by" and "judging seconds".

    Raises:
        ValueError: one of the data sets is empty; the model has fewer than four classes.

    Source: Croce, Hein 2020 (arXiv 2003.01690); intervals, Gowal et al. 2018 (arXiv 1810.12715).
    """
    start = time.perf_counter()
    found = {"clean": _share(predict(model, everything.images) == everything.labels)}
    broken_by: dict[str, dict[str, int]] = {}
    right = predict(model, some.images) == some.labels
    for epsilon in EPSILONS:
        found[f"certified {epsilon:g}"] = _share(proofs(model, everything, epsilon))
        left = (right & ~proofs(model, some, epsilon)).nonzero().flatten()
        if len(left):
            generator = torch.Generator().manual_seed(SEED)
            verdicts = autoattack_verdicts(model, some.images[left], some.labels[left], epsilon, generator=generator)
            right[left] = verdicts.right
            by = [name for name in verdicts.broken_by if name is not None]
            broken_by[f"{epsilon:g}"] = {name: by.count(name) for name in sorted(set(by))}
        found[f"AutoAttack {epsilon:g}"] = _share(right)
    return {"accuracy": found, "broken by": broken_by, "judging seconds": time.perf_counter() - start}


def proofs(model: nn.Module, test: Dataset, epsilon: float) -> torch.Tensor:
    """Mask of images that intervals prove; False everywhere if `certified` refuses, as for layers without known bounds.

    Args:
        model: takes pixels in [0, 1], returns logits `[batch, classes]`.
        test: the images with their labels.
        epsilon: radius of the L-infinity ball, in pixel units, in [0, 1].

    Raises:
        TypeError: epsilon is not a number, or images or labels have the wrong dtype.

    Source: Gowal et al. 2018 (arXiv 1810.12715).
    """
    try:
        return certified(model, test.images, test.labels, epsilon)
    except ValueError:
        return torch.zeros(len(test), dtype=torch.bool)


def _share(right: torch.Tensor) -> dict[str, Any]:
    return Proportion(int(right.sum()), len(right)).to_json()
