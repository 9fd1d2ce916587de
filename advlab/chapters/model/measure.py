"""What the page on the model measures: the data, the layers, the training, the answers to the test images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from advlab import zoo
from advlab.activations import Activations
from advlab.data import CLASSES, MEAN, STD, indices, mnist, subset
from advlab.engine.cache.computation import Computation
from advlab.engine.cache.profile import Profile
from advlab.engine.chapter import measurement
from advlab.evaluation import Proportion, accuracy, logits
from advlab.models import SimpleCNN
from advlab.training.loop import WARM_UP, Recipe

SHOWN_PER_CLASS = 4  # training images of each class in the picture of the data
SHOWN_ERRORS = 10
CONFIDENT = 0.9  # an answer given with more than this probability is called confident
GOAL = 0.99  # clean accuracy that the standard model must reach
BINS = 18  # of confidence, from one in ten (pure guessing) to certainty


def one_training(profile: Profile) -> list[Computation]:
    """The standard model's training, at the profile's size."""
    return [zoo.training(zoo.for_profile(zoo.STANDARD, profile))]


def all_trainings(profile: Profile) -> list[Computation]:
    """The standard recipe from each of the profile's seeds."""
    return [zoo.training(zoo.for_profile(zoo.STANDARD, profile), seed) for seed in range(profile.seeds)]


@measurement
def data(profile: Profile) -> dict[str, Any]:
    """MNIST itself: images per class, mean and standard deviation of the pixels, and the share that is black."""
    train, test = mnist("train"), mnist("test")
    counts = {"train": train.labels.bincount().tolist(), "test": test.labels.bincount().tolist()}
    per_class = [(train.labels == digit).nonzero()[:SHOWN_PER_CLASS, 0].tolist() for digit in range(CLASSES)]
    return {
        "train": len(train),
        "test": len(test),
        "pixels": train.images[0].numel(),
        "side": train.images.shape[-1],
        "counts": counts,
        "fewest": min(counts["train"]),
        "most": max(counts["train"]),
        "always_one": Proportion(counts["test"][1], len(test)).to_json(),
        "mean": float(train.images.double().mean()),
        "std": float(train.images.double().std(correction=0)),
        "black": float((train.images == 0).double().mean()),
        "black_test": float((test.images == 0).double().mean()),
        "white": float((train.images == 1).double().mean()),
        "normalised_black": -MEAN / STD,
        "normalised_white": (1 - MEAN) / STD,
        "normalised_width": 1 / STD,
        "shown": per_class,
    }


def layers(model: nn.Module, image: Tensor) -> list[dict[str, Any]]:
    """Name, class, output shape for one image and number of parameters of each child of the model, in order.

    Args:
        image: a batch of one.
    """
    children = dict(model.named_children())
    with Activations(model, list(children)) as seen:
        logits(model, image)
        return [
            {
                "name": name,
                "kind": type(child).__name__,
                "says": child.extra_repr(),
                "shape": list(seen[name].shape[1:]),
                "parameters": sum(parameter.numel() for parameter in child.parameters()),
            }
            for name, child in children.items()
        ]


@measurement
def architecture(profile: Profile) -> dict[str, Any]:
    """The layers of SimpleCNN as forward hooks see them: names, output shapes, parameter counts."""
    image = torch.zeros_like(mnist("test").images[:1])
    found = layers(SimpleCNN(), image)
    counts = {layer["name"]: layer["parameters"] for layer in found}
    total = sum(counts.values())
    return {
        "input": list(image.shape[1:]),
        "layers": found,
        "parameters": total,
        "of": counts,
        "fc1_share": counts["fc1"] / total,
        "dropout": SimpleCNN().dropout.p,
    }


def untrained(recipe: Recipe, seed: int) -> nn.Module:
    """The untrained network from which `advlab.training.train` starts: same seed, same weights."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return recipe.architecture()


@measurement(trainings=all_trainings)
def training(profile: Profile) -> dict[str, Any]:
    """Loss and accuracy after each epoch of the standard recipe, for several seeds, untrained weights first."""
    recipe = zoo.for_profile(zoo.STANDARD, profile)
    test = subset(recipe.test_images or len(mnist("test")))
    seeds: list[dict[str, Any]] = []
    for seed in range(profile.seeds):
        before = accuracy(untrained(recipe, seed), test.images, test.labels)
        epochs = zoo.history(recipe, seed)
        kept = ("loss", "train_accuracy", "test_loss", "test_accuracy")
        seeds.append({"untrained": before.to_json(), "epochs": [{name: row[name] for name in kept} for row in epochs]})
    last = [Proportion(round(seed["epochs"][-1]["test_accuracy"] * len(test)), len(test)) for seed in seeds]
    values = torch.tensor([one.value for one in last], dtype=torch.float64)
    return {
        "recipe": {
            "epochs": recipe.epochs,
            "batch_size": recipe.batch_size,
            "learning_rate": recipe.learning_rate,
            "warm_up": WARM_UP,
            "train_images": recipe.train_images or len(mnist("train")),
            "test_images": len(test),
            "steps": recipe.epochs * -(-(recipe.train_images or len(mnist("train"))) // recipe.batch_size),
        },
        "seeds": seeds,
        "last": [one.to_json() for one in last],
        "number": len(last),
        "lowest": float(values.min()),
        "highest": float(values.max()),
        "mean": float(values.mean()),
        "range": float(values.max() - values.min()),
        "interval": last[0].high - last[0].low,
    }


def judged(labels: Sequence[int], predictions: Sequence[int], confidences: Sequence[float]) -> dict[str, Any]:
    """Answers counted by class, by pair of classes and by confidence.

    Args:
        labels, predictions: one class in 0..9 per image.
        confidences: the probability that the model gave to its prediction, in [0, 1].
    """
    right = [label == prediction for label, prediction in zip(labels, predictions, strict=True)]
    pairs = Counter(zip(labels, predictions, strict=True))
    confusion = [[pairs[label, prediction] for prediction in range(CLASSES)] for label in range(CLASSES)]
    by_class = [Proportion(row[digit], sum(row)).to_json() for digit, row in enumerate(confusion)]
    order = sorted(range(CLASSES), key=lambda digit: by_class[digit]["value"])
    wrong_confidences = [confidence for confidence, good in zip(confidences, right, strict=True) if not good]
    errors = len(wrong_confidences)
    sure = [confidence > CONFIDENT for confidence in confidences]
    mixed = max(
        ((label, other) for label in range(CLASSES) for other in range(CLASSES) if label != other),
        key=lambda pair: pairs[pair],
    )
    return {
        "accuracy": Proportion(sum(right), len(right)).to_json(),
        "errors": errors,
        "confusion": confusion,
        "by_class": by_class,
        "worst": {"digit": order[0], "accuracy": by_class[order[0]]},
        "best": {"digit": order[-1], "accuracy": by_class[order[-1]]},
        "most_mixed": {"label": mixed[0], "prediction": mixed[1], "count": pairs[mixed]},
        "confident": Proportion(sum(sure), len(sure)).to_json(),
        "confident_errors": Proportion(sum(c > CONFIDENT for c in wrong_confidences), errors).to_json()
        if errors
        else None,
        "mean_confidence": sum(confidences) / len(confidences),
        "histogram": {
            "right": histogram([c for c, good in zip(confidences, right, strict=True) if good]),
            "wrong": histogram(wrong_confidences),
        },
    }


def histogram(confidences: Sequence[float]) -> list[int]:
    """The number of confidences in each of `BINS` equal bins between 1/classes and 1, both ends included."""
    counts = [0] * BINS
    for confidence in confidences:
        share = (confidence - 1 / CLASSES) / (1 - 1 / CLASSES)
        counts[min(max(int(share * BINS), 0), BINS - 1)] += 1
    return counts


@measurement(trainings=one_training)
def answers(profile: Profile) -> dict[str, Any]:
    """The standard model's answers to clean test images: right or wrong, which class, how confident."""
    n = profile.test_images or len(mnist("test"))
    chosen, test = indices(n), subset(n)
    model = zoo.trained(zoo.for_profile(zoo.STANDARD, profile))
    probabilities = logits(model, test.images).softmax(dim=1)
    confidences, predictions = (values.tolist() for values in probabilities.max(dim=1))
    labels = test.labels.tolist()
    rows = list(zip(chosen.tolist(), labels, predictions, confidences, strict=True))
    wrong = sorted((row for row in rows if row[1] != row[2]), key=lambda row: -row[3])
    return {
        **judged(labels, predictions, confidences),
        "threshold": CONFIDENT,
        "shown": [
            {"index": index, "label": label, "prediction": prediction, "confidence": confidence}
            for index, label, prediction, confidence in wrong[:SHOWN_ERRORS]
        ],
        "evidence": {
            "model": "standard, seed 0, clean test images",
            "index": [row[0] for row in rows],
            "label": labels,
            "prediction": predictions,
            "confidence": [round(confidence, 4) for confidence in confidences],
        },
    }
