"""One image in detail: the loss along PGD's steps, and the loss surface around the image."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from advlab import zoo
from advlab.attacks import bim, fgsm
from advlab.attacks.losses import Loss, cross_entropy, margin
from advlab.chapters.ladder.measure import both
from advlab.data import mnist
from advlab.engine.cache.profile import Profile
from advlab.engine.chapter import measurement
from advlab.evaluation import logits, predict
from advlab.models.inference import evaluation_mode

#: In pixel units: the ball of the story, and the window around the image.
EPSILON, WINDOW = 0.1, 0.3
#: Points along each direction of the window; an odd number, so that the image is one of them.
POINTS = 25
#: The steps of the story, together 2.5 radii long.
STEPS = 20
#: The number of first test images among which the story's image is looked for.
LOOKED_AT = 500
SEED = 25


@measurement(trainings=both)
def one_image(profile: Profile) -> dict[str, Any]:
    """The loss along PGD and around the first test image that both models read, FGSM does not break and PGD does."""
    standard = zoo.trained(zoo.for_profile(zoo.STANDARD, profile))
    robust = zoo.trained(zoo.for_profile(zoo.ROBUST, profile))
    index = chosen(standard, robust)
    test = mnist("test")
    image, label = test.images[index : index + 1], test.labels[index : index + 1]
    path = [image, *(way(standard, image, label, steps) for steps in range(1, STEPS + 1))]
    leap = fgsm(standard, image, label, EPSILON)
    coins = torch.randint(0, 2, image.shape, generator=torch.Generator().manual_seed(SEED)) * 2.0 - 1
    return {
        "index": index,
        "label": int(label),
        "epsilon": EPSILON,
        "steps": STEPS,
        "PGD": numbers(cross_entropy, standard, torch.cat(path), label),
        "PGD leads": numbers(margin, standard, torch.cat(path), label),
        "PGD answers": predict(standard, torch.cat(path)).tolist(),
        "FGSM": numbers(cross_entropy, standard, leap, label)[0],
        "FGSM leads": numbers(margin, standard, leap, label)[0],
        "window": WINDOW,
        "points": POINTS,
        "standard": around(standard, image, label, coins),
        "robust": around(robust, image, label, coins),
    }


def chosen(standard: nn.Module, robust: nn.Module) -> int:
    """Index of the first test image on which FGSM fails and PGD succeeds; the very first image if there is none."""
    test = mnist("test")
    images, labels = test.images[:LOOKED_AT], test.labels[:LOOKED_AT]
    read = (predict(standard, images) == labels) & (predict(robust, images) == labels)
    held = predict(standard, fgsm(standard, images, labels, EPSILON)) == labels
    # In order, so that the search ends with the first.
    for index in (read & held).nonzero()[:, 0].tolist():
        image, label = images[index : index + 1], labels[index : index + 1]
        if int(predict(standard, way(standard, image, label, STEPS))) != int(label):
            return int(index)
    return 0


def way(model: nn.Module, image: Tensor, label: Tensor, steps: int) -> Tensor:
    """The image after `steps` of the story's steps of PGD, without random start."""
    return bim(model, image, label, EPSILON, steps=steps, step_size=2.5 * EPSILON / STEPS)


def numbers(loss: Loss, model: nn.Module, images: Tensor, label: Tensor) -> list[float]:
    """The loss of each of these versions of one image."""
    values: list[float] = loss(logits(model, images), label.expand(len(images))).tolist()
    return values


def around(model: nn.Module, image: Tensor, label: Tensor, coins: Tensor) -> dict[str, Any]:
    """The loss and the lead of the best wrong class on a grid: columns along the gradient's sign, rows along coins."""
    with evaluation_mode(model), torch.enable_grad():
        leaf = image.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(cross_entropy(model(leaf), label).sum(), leaf)
    steps = torch.linspace(-WINDOW, WINDOW, POINTS)
    grid = torch.cat([image + up * coins + along * gradient.sign() for up in steps for along in steps]).clamp(0, 1)
    return {
        "loss": [[round(value, 4) for value in row] for row in rows(numbers(cross_entropy, model, grid, label))],
        "leads": [[round(value, 4) for value in row] for row in rows(numbers(margin, model, grid, label))],
    }


def rows(values: list[float]) -> list[list[float]]:
    """A flat list of grid values, as rows."""
    return [values[start : start + POINTS] for start in range(0, len(values), POINTS)]
