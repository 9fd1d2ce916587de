"""Defensive distillation: Papernot et al., 2016 (arXiv 1511.04508), section IV; and why its naive result is none.

A student learns a teacher's probabilities at a high temperature and answers at temperature 1. Its logits then are so
large that the gradient of cross-entropy is zero in float32: attacks that follow it stand still, the classes' boundaries
stay where they were. Carlini and Wagner, 2016 (1607.04311), divide the logits by the temperature; an attack on the
margin of logits (the same, 2017, 1608.04644) needs not even that: `advlab.attacks.losses.margin`.
"""

import math
from dataclasses import dataclass, replace
from functools import partial

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor, nn

from advlab.attacks.losses import Loss, cross_entropy
from advlab.data import mnist, subset
from advlab.defenses.fitting import fit
from advlab.models.inference import CHUNK, device_of, evaluation_mode, logits
from advlab.models.rewriting import for_attacks
from advlab.training import Recipe, train


def tempered_cross_entropy(
    logits: Float[Tensor, "batch classes"], targets: Shaped[Tensor, "batch *target"], temperature: float
) -> Float[Tensor, ""]:
    """Cross-entropy of softmax(logits / temperature), averaged over the batch.

    Args:
        targets: classes, or a probability for each class: a teacher's.
        temperature: above 0; 1 is the usual cross-entropy.
    """
    return F.cross_entropy(logits / temperature, targets)


@dataclass(frozen=True)
class Distilled:
    """Two networks of one architecture, in evaluation mode: the defense is the student, at temperature 1."""

    teacher: nn.Module
    student: nn.Module


def distilled(recipe: Recipe, temperature: float, seed: int) -> Distilled:
    """Trains a teacher at this temperature, and on its probabilities at it a student, by the same recipe.

    Args:
        recipe: of both; its loss is replaced.
        temperature: T of the paper, at least 1. Papernot et al. took 20 for MNIST and tried 1 to 100.
        seed: of the teacher; the student's is the next one.

    Raises:
        ValueError: temperature below 1; see `advlab.training.train` and `advlab.defenses.fitting.fit`.
    """
    _check_temperature(temperature)
    hot = replace(recipe, loss=partial(tempered_cross_entropy, temperature=temperature))
    teacher = train(hot, seed).model
    return Distilled(teacher, student_of(teacher, hot, temperature, seed + 1))


def student_of(teacher: nn.Module, recipe: Recipe, temperature: float, seed: int) -> nn.Module:
    """A student that learns the teacher's probabilities, both at this temperature, on the recipe's training images.

    Raises:
        ValueError: temperature below 1; see `advlab.defenses.fitting.fit`.
    """
    _check_temperature(temperature)
    data = mnist("train") if recipe.train_images is None else subset(recipe.train_images, "train")
    hot = replace(recipe, loss=partial(tempered_cross_entropy, temperature=temperature))
    return fit(hot, data.images, soft_labels(teacher, data.images, temperature), seed)


def soft_labels(
    teacher: nn.Module, images: Float[Tensor, "batch *shape"], temperature: float
) -> Float[Tensor, "batch classes"]:
    """The teacher's probabilities at this temperature, in evaluation mode (equation 1)."""
    return (logits(teacher, images) / temperature).softmax(1)


def _check_temperature(temperature: float) -> None:
    if not (temperature >= 1 and math.isfinite(temperature)):
        raise ValueError(f"temperature must be a finite number of at least 1, got {temperature}")


def vanished(
    model: nn.Module,
    images: Float[Tensor, "batch *shape"],
    labels: Int[Tensor, " batch"],
    loss: Loss = cross_entropy,
) -> Bool[Tensor, " batch"]:
    """For which images the loss has a gradient of exactly zero in every pixel: there FGSM and PGD stand still.

    That of cross-entropy is zero in float32 where the probabilities of all other classes underflow: where the label's
    logit leads by somewhat more than 100.
    """
    found, device = [], device_of(model)
    with evaluation_mode(model), torch.enable_grad():
        for chunk, truth in zip(images.split(CHUNK), labels.split(CHUNK), strict=True):
            inputs = chunk.detach().to(device).requires_grad_()
            (gradient,) = torch.autograd.grad(loss(model(inputs), truth.to(device)).sum(), inputs)
            found.append((gradient == 0).flatten(1).all(1).to(images.device))
    return torch.cat(found)


class Cooled(nn.Module):
    """The same answers with logits divided by a temperature: what to attack in a distilled student's stead.

    Args:
        model: returns logits. It is copied in part: wrap it anew after training it on.
        temperature: above 0; the one that the student was trained at.

    Raises:
        ValueError: temperature is not above 0.
    """

    def __init__(self, model: nn.Module, temperature: float) -> None:
        super().__init__()
        if not (temperature > 0 and math.isfinite(temperature)):
            raise ValueError(f"temperature must be a finite number above 0, got {temperature}")
        self.model = for_attacks(model)
        self.temperature = temperature

    def forward(self, images: Float[Tensor, "batch *shape"]) -> Float[Tensor, "batch classes"]:
        """The smaller logits."""
        smaller: Tensor = self.model(images) / self.temperature
        return smaller
