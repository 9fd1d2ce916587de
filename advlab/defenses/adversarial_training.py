"""Training on what an attack makes of each batch, in four forms. Threat model: white box, L-infinity, pixel units.

`single_step` is Goodfellow, Shlens, Szegedy, 2015 (arXiv 1412.6572), section 6, without the clean half of each batch;
`random_single_step` is Wong, Rice, Kolter, 2020 (arXiv 2001.03994), algorithm 3; `several_steps` is Madry et al., 2018
(arXiv 1706.06083), with fewer and longer steps; `trades` is Zhang et al., 2019 (arXiv 1901.08573), algorithm 1.
The first three perturb a batch for `advlab.training.Recipe(perturb=...)`; the last is a loss for `objective=...`.
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

#: Of the single step from a random start, in radii of the ball: longer than one, for it starts anywhere (section 4.2).
LONG_STEP = 1.25
#: Steps of the attack in training, and how long each is, in radii: from any point of the ball to any other.
STEPS = 3
STEP = 2 / 3
#: Deviation of the noise that TRADES begins with: at the image itself the divergence has no gradient.
NUDGE = 0.001


def single_step(
    model: nn.Module, images: Float[Tensor, "batch *shape"], labels: Int[Tensor, " batch"], epsilon: float
) -> Float[Tensor, "batch *shape"]:
    """FGSM from the image itself: two passes a batch in all. It may teach a network to mislead FGSM, and no more."""
    return fgsm(model, images, labels, epsilon)


def random_single_step(
    model: nn.Module, images: Float[Tensor, "batch *shape"], labels: Int[Tensor, " batch"], epsilon: float
) -> Float[Tensor, "batch *shape"]:
    """One step of 1.25 epsilon from a random point of the ball, then back into it: two passes a batch in all.

    The start may leave [0, 1], as in the paper; only what comes out is clipped. Where most pixels are black it matters:
    of starts clipped first, a step longer than epsilon ends in a corner of the ball, as if there had been no chance.

    The start is drawn from torch's global generator, as in all of these: a training seeds it.
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
    """Steps of PGD from a random point of the ball. Of three, four passes a batch in all; Madry et al. took 41.

    Args:
        model: takes pixels in [0, 1], returns logits.
        images: in [0, 1].
        labels: the true classes.
        epsilon: radius of the ball, L-infinity, in pixel units, [0, 1].
        steps: of the attack.
        step: length of each, in radii.
    """
    if epsilon == 0:  # the first step of a ramp
        return images
    chance = torch.default_generator
    return pgd(model, images, labels, epsilon, generator=chance, steps=steps, step_size=step * epsilon)


def steps_on_redrawn(
    model: nn.Module, images: Float[Tensor, "batch 1 side side"], labels: Int[Tensor, " batch"], epsilon: float
) -> Float[Tensor, "batch 1 side side"]:
    """`several_steps` on images drawn anew (`advlab.training.augmentation.redrawn`): what is attacked always differs.

    On the same images again and again a network learns to withstand the attack on just these: robust overfitting.
    """
    return several_steps(model, redrawn(images), labels, epsilon)


def more_steps_on_redrawn(
    model: nn.Module, images: Float[Tensor, "batch 1 side side"], labels: Int[Tensor, " batch"], epsilon: float
) -> Float[Tensor, "batch 1 side side"]:
    """`steps_on_redrawn` with ten steps of a quarter of a radius, eleven passes: for trainings of an hour."""
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
    """The cross-entropy of the images, and beta times how far answers in the ball can diverge from those to the images.

    Args:
        model: takes pixels in [0, 1], returns logits; in training mode. Its flags stay, its gradients are not touched.
        images: in [0, 1], on the model's device.
        labels: the true classes: the divergence does not look at them.
        epsilon: radius of the ball, L-infinity, in pixel units, [0, 1].
        beta: weight of the divergence, not negative: 1/lambda of the paper, 6 in its experiments.
        steps: of the search for the farthest answer.
        step: length of each, in radii.

    Returns:
        The loss, averaged over the batch.

    Raises:
        ValueError, TypeError: bad input; a negative beta.
    """
    check_epsilon(epsilon)
    check_images(images, model)
    if not 0 <= beta < float("inf"):
        raise ValueError(f"beta must be a finite weight, not negative, got {beta}")
    logits = _precise(model(images))
    check_classes("labels", labels, images, logits.shape[1])
    with torch.autocast(images.device.type, enabled=False):  # a training may be in bfloat16, the search is not
        far = _farthest(model, images, F.log_softmax(logits.detach(), 1), epsilon, steps, step)
    answers, there = F.log_softmax(logits, 1), F.log_softmax(_precise(model(far)), 1)
    divergence = F.kl_div(there, answers, reduction="batchmean", log_target=True)
    return F.cross_entropy(logits, labels.long()) + beta * divergence


def _precise(logits: Tensor) -> Tensor:
    """Logits of a training in bfloat16 as float32, whose logarithms tell answers apart."""
    return logits.to(torch.promote_types(logits.dtype, torch.float32))


def _farthest(model: nn.Module, images: Tensor, answers: Tensor, epsilon: float, steps: int, step: float) -> Tensor:
    """Steps of ascent of the divergence from `answers`: the inner loop of algorithm 1."""
    fast = for_attacks(model)
    far = (images + NUDGE * torch.randn_like(images)).clamp(0, 1)
    for _ in range(steps):
        far.requires_grad_()
        divergence = F.kl_div(F.log_softmax(fast(far), 1), answers, reduction="sum", log_target=True)
        (gradient,) = torch.autograd.grad(divergence, far)
        far = projected(far.detach() + step * epsilon * gradient.sign(), images, epsilon, "Linf")
    return far
