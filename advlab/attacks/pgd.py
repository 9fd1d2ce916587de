"""Projected gradient descent, and the basic iterative method: many small steps, each followed by a return to the ball.

`pgd` is Madry et al., 2018 (arXiv 1706.06083), section 2.1; `bim` is Kurakin, Goodfellow, Bengio, 2017
(arXiv 1607.02533), section 2.2. Threat model: white box, L-infinity or L2, pixel units.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from advlab.attacks.attack import attack
from advlab.attacks.ball import Norm, projected, steepest, uniform
from advlab.attacks.losses import Loss, broken, cross_entropy

#: All steps together are so many radii long: enough to cross the ball and turn (Madry et al., mnist_challenge).
REACH = 2.5


@attack
def pgd(
    model: nn.Module,
    images: Float[Tensor, "batch *shape"],
    labels: Int[Tensor, " batch"],
    epsilon: float,
    *,
    generator: torch.Generator,
    norm: Norm = "Linf",
    steps: int = 40,
    step_size: float | None = None,
    random_start: bool = True,
    restarts: int = 1,
    loss: Loss = cross_entropy,
    targets: Int[Tensor, " batch"] | None = None,
) -> Float[Tensor, "batch *shape"]:
    """Steps of steepest ascent of the loss from a random point of the ball; after each, back into ball and [0, 1].

    One restart returns the last point reached, whatever it is. Of several, each image keeps the first point that
    breaks it, and where none does, the one of highest loss.

    Args:
        model: takes pixels in [0, 1], returns logits.
        images: in [0, 1].
        labels: the true classes.
        epsilon: radius of the ball, in pixel units; in [0, 1] for L-infinity.
        generator: the source of the random starts, on the CPU; the same state gives the same result.
        norm: "Linf" or "L2".
        steps: gradient steps from each start.
        step_size: length of a step, in pixel units and the same norm; None is 2.5 * epsilon / steps.
        random_start: begin at a uniformly random point of the ball, not at the image.
        restarts: how often to begin anew.
        loss: for each image, to be raised: `cross_entropy`, `margin` or `dlr` of `advlab.attacks.losses`.
        targets: classes to be mistaken for.

    Returns:
        Images in [0, 1], within `epsilon` of where they were.

    Raises:
        ValueError: several restarts that are all the same, without random start; a loss that needs more classes.
        ValueError, TypeError: bad input; see `advlab.attacks.attack.attack`.
    """
    if restarts > 1 and not random_start:
        raise ValueError("restarts without random_start would all be the same: use one restart")
    step_size = REACH * epsilon / steps if step_size is None else step_size
    best, highest = images.clone(), torch.full_like(labels, -torch.inf, dtype=images.dtype)
    for _ in range(restarts):
        start = uniform(images, epsilon, norm, generator) if random_start else images
        found = ascent(model, images, labels, targets, start, epsilon, norm, steps, step_size, loss)
        if restarts == 1:
            return found
        with torch.no_grad():
            logits = model(found)
            reached = loss(logits, labels, targets)
        # Nothing is above a broken image: the loss can be high on one that is still classified right, too.
        reached = torch.where(broken(logits, labels, targets), torch.inf, reached)
        better = reached > highest
        best[better], highest[better] = found[better], reached[better]
    return best


@attack
def bim(
    model: nn.Module,
    images: Float[Tensor, "batch *shape"],
    labels: Int[Tensor, " batch"],
    epsilon: float,
    *,
    norm: Norm = "Linf",
    steps: int = 10,
    step_size: float | None = None,
    loss: Loss = cross_entropy,
    targets: Int[Tensor, " batch"] | None = None,
) -> Float[Tensor, "batch *shape"]:
    """PGD that starts at the image itself: FGSM in small steps, without chance.

    Args:
        model: takes pixels in [0, 1], returns logits.
        images: in [0, 1].
        labels: the true classes.
        epsilon: radius of the ball, in pixel units; in [0, 1] for L-infinity.
        norm: "Linf" as in the paper, or "L2".
        steps: gradient steps.
        step_size: length of a step, in pixel units and the same norm; None is 2.5 * epsilon / steps.
        loss: for each image, to be raised: `cross_entropy`, `margin` or `dlr` of `advlab.attacks.losses`.
        targets: classes to be mistaken for.

    Returns:
        Images in [0, 1], within `epsilon` of where they were.

    Raises:
        ValueError, TypeError: bad input; see `advlab.attacks.attack.attack`.
    """
    step_size = REACH * epsilon / steps if step_size is None else step_size
    return ascent(model, images, labels, targets, images, epsilon, norm, steps, step_size, loss)


def ascent(
    model: nn.Module,
    images: Float[Tensor, "batch *shape"],
    labels: Int[Tensor, " batch"],
    targets: Int[Tensor, " batch"] | None,
    start: Float[Tensor, "batch *shape"],
    epsilon: float,
    norm: Norm,
    steps: int,
    step_size: float,
    loss: Loss,
) -> Float[Tensor, "batch *shape"]:
    """The steps themselves, from `start`, in the ball round `images`; the model is in evaluation mode already."""
    adversarial = start
    for _ in range(steps):
        adversarial = adversarial.detach().requires_grad_()
        # Summed over the batch, not averaged: an image's gradient does not depend on its neighbours.
        (gradient,) = torch.autograd.grad(loss(model(adversarial), labels, targets).sum(), adversarial)
        adversarial = projected(adversarial.detach() + step_size * steepest(gradient, norm), images, epsilon, norm)
    return adversarial
