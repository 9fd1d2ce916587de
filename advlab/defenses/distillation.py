"""Defensive distillation: Papernot et al., 2016 (arXiv 1511.04508), section IV, and why its apparent success is none.

A student learns a teacher's probabilities at a high temperature and answers at temperature 1. Its logits are then so
large that the gradient of cross-entropy is zero in float32: attacks that follow it stand still, while the decision
boundaries stay where they were. Carlini and Wagner, 2016 (arXiv 1607.04311), divide the logits by the temperature. An
attack on the margin of logits (Carlini and Wagner, 2017, arXiv 1608.04644) does not even need that:
`advlab.attacks.losses.margin`.
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
        logits: [batch, classes].
        targets: classes [batch], or a teacher's probabilities [batch, classes].
        temperature: above 0, not checked; 1 gives the usual cross-entropy.

    Source: Papernot et al. 2016 (arXiv 1511.04508), section IV.
    """
    return F.cross_entropy(logits / temperature, targets)


@dataclass(frozen=True)
class Distilled:
    """Two networks of one architecture, in evaluation mode. The defense is the student, at temperature 1.

    Args:
        teacher: trained on labels at the temperature.
        student: trained on the teacher's probabilities at the temperature.

    Source: Papernot et al. 2016 (arXiv 1511.04508), section IV.
    """

    teacher: nn.Module
    student: nn.Module


def distilled(recipe: Recipe, temperature: float, seed: int) -> Distilled:
    """Train a teacher at this temperature, then a student on the teacher's probabilities, both by the same recipe.

    Args:
        recipe: of both networks; its loss is replaced. It must not have an objective or perturb its images.
        temperature: T of the paper, at least 1. Papernot et al. took 20 for MNIST and tried 1 to 100.
        seed: of the teacher; the student's is seed + 1.

    Raises:
        ValueError: the temperature is below 1 or not finite; the recipe cannot be used (see `advlab.training.train` and
            `advlab.defenses.fitting.fit`).

    Source: Papernot et al. 2016 (arXiv 1511.04508), section IV.
    """
    _check_temperature(temperature)
    hot = replace(recipe, loss=partial(tempered_cross_entropy, temperature=temperature))
    teacher = train(hot, seed).model
    return Distilled(teacher, student_of(teacher, hot, temperature, seed + 1))


def student_of(teacher: nn.Module, recipe: Recipe, temperature: float, seed: int) -> nn.Module:
    """Student that has learned the teacher's probabilities on the recipe's training images.

    Args:
        teacher: trained at the same temperature; takes pixels in [0, 1], returns logits.
        recipe: of the student; its loss is replaced. It must not have an objective or perturb its images.
        temperature: T of the paper, at least 1; divides the logits of both networks.
        seed: decides the student's initial weights, the order of images and dropout.

    Returns:
        The student, in evaluation mode.

    Raises:
        ValueError: the temperature is below 1 or not finite; the recipe cannot be used (see
            `advlab.defenses.fitting.fit`).

    Source: Papernot et al. 2016 (arXiv 1511.04508), section IV.
    """
    _check_temperature(temperature)
    data = mnist("train") if recipe.train_images is None else subset(recipe.train_images, "train")
    hot = replace(recipe, loss=partial(tempered_cross_entropy, temperature=temperature))
    return fit(hot, data.images, soft_labels(teacher, data.images, temperature), seed)


def soft_labels(
    teacher: nn.Module, images: Float[Tensor, "batch *shape"], temperature: float
) -> Float[Tensor, "batch classes"]:
    """The teacher's probabilities at this temperature, in evaluation mode.

    Args:
        teacher: takes pixels in [0, 1], returns logits.
        images: [batch, *shape], in [0, 1], at least one.
        temperature: divides the logits; above 0, not checked.

    Returns:
        [batch, classes]; each row sums to 1.

    Raises:
        ValueError: the batch is empty.

    Source: Papernot et al. 2016 (arXiv 1511.04508), equation 1.
    """
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
    """Mask of images at which the loss has a gradient of exactly zero in every pixel, so that FGSM and PGD stand still.

    The gradient of cross-entropy is zero in float32 where the probabilities of all other classes underflow: where the
    label's logit leads by somewhat more than 100.

    Args:
        model: takes pixels in [0, 1], returns logits; it is run in evaluation mode.
        images: [batch, *shape], in [0, 1], on any device.
        labels: [batch], the true classes.
        loss: one value per image, of logits and labels; see `advlab.attacks.losses`.

    Returns:
        [batch], on the images' device.

    Raises:
        ValueError: the numbers of images and labels differ, and the loss is cross-entropy, which checks them.

    Source: advlab's own check for the cause that Carlini, Wagner 2016 (arXiv 1607.04311) name.
    """
    found, device = [], device_of(model)
    with evaluation_mode(model), torch.enable_grad():
        for chunk, truth in zip(images.split(CHUNK), labels.split(CHUNK), strict=True):
            inputs = chunk.detach().to(device).requires_grad_()
            (gradient,) = torch.autograd.grad(loss(model(inputs), truth.to(device)).sum(), inputs)
            found.append((gradient == 0).flatten(1).all(1).to(images.device))
    return torch.cat(found)


class Cooled(nn.Module):
    """The same model with its logits divided by a temperature: the form of a distilled student to attack.

    Args:
        model: takes pixels in [0, 1], returns logits. Its weights are copied in part: wrap it anew after more training.
        temperature: finite and above 0; the one at which the student was trained.

    Raises:
        ValueError: the temperature is not finite or not above 0.

    Source: Carlini, Wagner 2016 (arXiv 1607.04311).
    """

    def __init__(self, model: nn.Module, temperature: float) -> None:
        super().__init__()
        if not (temperature > 0 and math.isfinite(temperature)):
            raise ValueError(f"temperature must be a finite number above 0, got {temperature}")
        self.model = for_attacks(model)
        self.temperature = temperature

    def forward(self, images: Float[Tensor, "batch *shape"]) -> Float[Tensor, "batch classes"]:
        """Logits divided by the temperature, [batch, classes]."""
        smaller: Tensor = self.model(images) / self.temperature
        return smaller
