"""Adversarial training in four forms. Threat model: white box, L-infinity, pixel units.

`single_step` is Goodfellow, Shlens, Szegedy, 2015 (arXiv 1412.6572), section 6, without the clean half of each batch;
`random_single_step` is Wong, Rice, Kolter, 2020 (arXiv 2001.03994), algorithm 3; `several_steps` is Madry et al., 2018
(arXiv 1706.06083), with fewer and longer steps; `trades` is Zhang et al., 2019 (arXiv 1901.08573), algorithm 1. The
first three perturb a batch for `advlab.training.Recipe(perturb=...)`; the last is a loss for `objective=...`.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from advlab.attacks.ball import projected
from advlab.attacks.fgsm import fgsm
from advlab.attacks.input_checks import check_classes, check_epsilon, check_images
from advlab.attacks.pgd import pgd
from advlab.models.inference import evaluation_mode
from advlab.models.rewriting import for_attacks
from advlab.training.augmentation import redrawn

#: Length of the single step, in radii of the ball: above 1, because the random start lies anywhere in it (section 4.2).
LONG_STEP = 1.25
#: Number of attack steps in training, and the length of each in radii: together they lead from any point to any other.
STEPS = 3
STEP = 2 / 3
#: Standard deviation of the noise that TRADES begins with: at the image itself the divergence has no gradient.
NUDGE = 0.001


def single_step(
    model: nn.Module, images: Float[Tensor, "batch *shape"], labels: Int[Tensor, " batch"], epsilon: float
) -> Float[Tensor, "batch *shape"]:
    """FGSM from the image itself: two passes per batch in all. It may teach a network only to mislead FGSM.

    Args:
        model: takes pixels in [0, 1], returns logits.
        images: [batch, *shape], in [0, 1].
        labels: [batch], the true classes.
        epsilon: radius of the L-infinity ball, in pixel units, in [0, 1].

    Returns:
        Images in [0, 1], each pixel at most `epsilon` from where it was.

    Raises:
        TypeError: epsilon is not a number; images or labels are not tensors of the right dtype.
        ValueError: epsilon is outside [0, 1]; images or labels do not fit (see `advlab.attacks.attack.attack`).

    Source: Goodfellow, Shlens, Szegedy 2015 (arXiv 1412.6572), section 6.
    """
    return fgsm(model, images, labels, epsilon)


def random_single_step(
    model: nn.Module, images: Float[Tensor, "batch *shape"], labels: Int[Tensor, " batch"], epsilon: float
) -> Float[Tensor, "batch *shape"]:
    """One step of 1.25 epsilon from a random point of the ball, then back into the ball: two passes per batch in all.

    The start may leave [0, 1], as in the paper; only the result is clipped. This matters where most pixels are black:
    if the start were clipped first, a step longer than epsilon would end in a corner of the ball, as if nothing were
    random.

    The start is drawn from torch's global generator, which `advlab.training.train` seeds.

    Args:
        model: takes pixels in [0, 1], returns logits.
        images: [batch, *shape], in [0, 1], on the model's device.
        labels: [batch], the true classes, on the model's device; they are not checked here.
        epsilon: radius of the L-infinity ball, in pixel units, in [0, 1].

    Returns:
        Images in [0, 1], each pixel at most `epsilon` from where it was.

    Raises:
        TypeError: epsilon is not a number, or images are not a tensor of the model's dtype.
        ValueError: epsilon is outside [0, 1]; images are empty, not finite or outside [0, 1]; the numbers of images and
            labels differ.
        IndexError: a label is not one of the model's classes (torch's own error, on the CPU).

    Source: Wong, Rice, Kolter 2020 (arXiv 2001.03994), algorithm 3.
    """
    check_epsilon(epsilon)
    check_images(images, model)
    start = (images + epsilon * (2 * torch.rand_like(images) - 1)).requires_grad_()
    with evaluation_mode(model):
        loss = F.cross_entropy(for_attacks(model)(start), labels.long(), reduction="sum")
    (gradient,) = torch.autograd.grad(loss, start)
    return projected(start.detach() + LONG_STEP * epsilon * gradient.sign(), images, epsilon, "Linf")


def several_steps(
    model: nn.Module,
    images: Float[Tensor, "batch *shape"],
    labels: Int[Tensor, " batch"],
    epsilon: float,
    *,
    steps: int = STEPS,
    step: float = STEP,
) -> Float[Tensor, "batch *shape"]:
    """PGD from a random point of the ball. Three steps cost four passes per batch in all; Madry et al. used 41.

    The start is drawn from torch's global generator, which `advlab.training.train` seeds.

    Args:
        model: takes pixels in [0, 1], returns logits.
        images: [batch, *shape], in [0, 1].
        labels: [batch], the true classes.
        epsilon: radius of the L-infinity ball, in pixel units, in [0, 1]; at 0 the images come back unchanged.
        steps: number of steps, at least 1.
        step: length of each step, in radii of the ball, above 0.

    Returns:
        Images in [0, 1], each pixel at most `epsilon` from where it was.

    Raises:
        TypeError: epsilon is not a number; images or labels are not tensors of the right dtype.
        ValueError: epsilon is outside [0, 1]; steps are below 1 or step is not above 0; images or labels do not fit
            (see `advlab.attacks.attack.attack`).

    Source: Madry et al. 2018 (arXiv 1706.06083), section 2.1, with fewer and longer steps.
    """
    if epsilon == 0:  # the first step of a ramp
        return images
    chance = torch.default_generator
    return pgd(model, images, labels, epsilon, generator=chance, steps=steps, step_size=step * epsilon)


def steps_on_redrawn(
    model: nn.Module, images: Float[Tensor, "batch 1 side side"], labels: Int[Tensor, " batch"], epsilon: float
) -> Float[Tensor, "batch 1 side side"]:
    """`several_steps` on images redrawn by `training.augmentation.redrawn`, so that no image is attacked twice.

    A network that sees the same images again and again learns to withstand the attack on these alone: robust
    overfitting.

    Args:
        model: takes pixels in [0, 1], returns logits.
        images: [batch, 1, side, side], in [0, 1].
        labels: [batch], the true classes.
        epsilon: radius of the L-infinity ball, in pixel units, in [0, 1]; at 0 the images are redrawn and not attacked.

    Returns:
        Images in [0, 1], each pixel at most `epsilon` from that of the redrawn image.

    Raises:
        TypeError, ValueError: as `several_steps`.

    Source: Madry et al. 2018 (arXiv 1706.06083); Rice, Wong, Kolter 2020 (arXiv 2002.11569) on robust overfitting.
    """
    return several_steps(model, redrawn(images), labels, epsilon)


def more_steps_on_redrawn(
    model: nn.Module, images: Float[Tensor, "batch 1 side side"], labels: Int[Tensor, " batch"], epsilon: float
) -> Float[Tensor, "batch 1 side side"]:
    """`steps_on_redrawn` with ten steps of a quarter of a radius, eleven passes per batch: for trainings of an hour.

    Args:
        model: takes pixels in [0, 1], returns logits.
        images: [batch, 1, side, side], in [0, 1].
        labels: [batch], the true classes.
        epsilon: radius of the L-infinity ball, in pixel units, in [0, 1]; at 0 the images are redrawn and not attacked.

    Returns:
        Images in [0, 1], each pixel at most `epsilon` from that of the redrawn image.

    Raises:
        TypeError, ValueError: as `several_steps`.

    Source: Madry et al. 2018 (arXiv 1706.06083); Rice, Wong, Kolter 2020 (arXiv 2002.11569) on robust overfitting.
    """
    return several_steps(model, redrawn(images), labels, epsilon, steps=10, step=0.25)


def trades(
    model: nn.Module,
    images: Float[Tensor, "batch *shape"],
    labels: Int[Tensor, " batch"],
    epsilon: float,
    *,
    beta: float,
    steps: int = STEPS,
    step: float = STEP,
) -> Float[Tensor, ""]:
    """Cross-entropy on the clean images, plus beta times the largest divergence of outputs found in the ball.

    The divergence is that of Kullback and Leibler between the probabilities for an image and for a point of its ball.
    The search for that point begins at a small random step, drawn from torch's global generator.

    Args:
        model: takes pixels in [0, 1], returns logits; in training mode. Its modes and parameters' gradients stay as
            they were.
        images: [batch, *shape], in [0, 1], on the model's device.
        labels: [batch], the true classes; the divergence does not use them.
        epsilon: radius of the L-infinity ball, in pixel units, in [0, 1].
        beta: weight of the divergence, finite and at least 0: 1/lambda of the paper, 6 in its experiments.
        steps: number of steps of the search; below 1 only the random start is used.
        step: length of each step, in radii of the ball.

    Returns:
        The loss, averaged over the batch; differentiable in the parameters.

    Raises:
        TypeError: epsilon is not a number; images or labels are not tensors of the right dtype.
        ValueError: beta is negative or not finite; epsilon is outside [0, 1]; images are empty, not finite or outside
            [0, 1]; labels do not fit the images or the model's classes.

    Source: Zhang et al. 2019 (arXiv 1901.08573), algorithm 1.
    """
    check_epsilon(epsilon)
    check_images(images, model)
    if not 0 <= beta < float("inf"):
        raise ValueError(f"beta must be a finite weight of at least 0, got {beta}")
    logits = _precise(model(images))
    check_classes("labels", labels, images, logits.shape[1])
    with torch.autocast(images.device.type, enabled=False):  # a training may be in bfloat16, the search is not
        far = _farthest(model, images, F.log_softmax(logits.detach(), 1), epsilon, steps, step)
    answers, there = F.log_softmax(logits, 1), F.log_softmax(_precise(model(far)), 1)
    divergence = F.kl_div(there, answers, reduction="batchmean", log_target=True)
    return F.cross_entropy(logits, labels.long()) + beta * divergence


def _precise(logits: Tensor) -> Tensor:
    """Logits in float32 at least: the logarithms of bfloat16 probabilities are too coarse for a divergence."""
    return logits.to(torch.promote_types(logits.dtype, torch.float32))


def _farthest(model: nn.Module, images: Tensor, answers: Tensor, epsilon: float, steps: int, step: float) -> Tensor:
    """Points of the ball that gradient ascent of the divergence from `answers` reaches: algorithm 1, inner loop."""
    fast = for_attacks(model)
    far = (images + NUDGE * torch.randn_like(images)).clamp(0, 1)
    for _ in range(steps):
        far.requires_grad_()
        divergence = F.kl_div(F.log_softmax(fast(far), 1), answers, reduction="sum", log_target=True)
        (gradient,) = torch.autograd.grad(divergence, far)
        far = projected(far.detach() + step * epsilon * gradient.sign(), images, epsilon, "Linf")
    return far
