"""Projected gradient descent, and the basic iterative method: many small steps, each projected back onto the ball.

`pgd` is Madry et al. 2018 (arXiv 1706.06083), section 2.1; `bim` is Kurakin, Goodfellow, Bengio 2017 (arXiv
1607.02533), section 2.2. Threat model: white box, L-infinity or L2, pixel units.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from advlab.attacks.attack import attack
from advlab.attacks.ball import Norm, projected, steepest, uniform
from advlab.attacks.losses import Loss, broken, cross_entropy

#: Length of all steps together, in radii: enough to cross the ball and turn (Madry et al., mnist_challenge).
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
    """Steps of steepest ascent of the loss from a random point of the ball, each projected onto the ball and [0, 1].

    A single restart returns the last point reached, whether or not it is misclassified. With several, each image keeps
    the first point that breaks it; where none does, it keeps the point of highest loss.

    Args:
        model: takes pixels in [0, 1], returns logits `[batch, classes]`.
        images: `[batch, *shape]`, in [0, 1].
        labels: `[batch]`, the true classes.
        epsilon: radius of the ball, in pixel units; in [0, 1] for L-infinity.
        generator: source of the random starts, on the CPU; the same state gives the same result.
        norm: "Linf" or "L2".
        steps: gradient steps from each start, at least 1.
        step_size: length of a step, in pixel units and the same norm, above 0; None is 2.5 * epsilon / steps.
        random_start: True: start at a uniformly random point of the ball; False: at the image.
        restarts: number of random starts, at least 1.
        loss: the loss to raise, for each image: `cross_entropy`, `margin` or `dlr` of `advlab.attacks.losses`.
        targets: `[batch]`, classes to be mistaken for. None: any wrong class.

    Returns:
        Images in [0, 1], within `epsilon` of the originals.

    Raises:
        ValueError: several restarts without random start, which would be identical; a loss that needs more classes.
        ValueError, TypeError: bad input; see `advlab.attacks.attack.attack`.

    Source: Madry et al. 2018 (arXiv 1706.06083), section 2.1.
    """
    if restarts > 1 and not random_start:
        raise ValueError("restarts above 1 without random_start would all be the same: use one restart")
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
        # A broken image beats every other: the loss can also be high on an image that is still classified correctly.
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
    """PGD that starts at the image itself: FGSM in small steps, without randomness.

    Args:
        model: takes pixels in [0, 1], returns logits `[batch, classes]`.
        images: `[batch, *shape]`, in [0, 1].
        labels: `[batch]`, the true classes.
        epsilon: radius of the ball, in pixel units; in [0, 1] for L-infinity.
        norm: "Linf" as in the paper, or "L2".
        steps: gradient steps, at least 1.
        step_size: length of a step, in pixel units and the same norm, above 0; None is 2.5 * epsilon / steps.
        loss: the loss to raise, for each image: `cross_entropy`, `margin` or `dlr` of `advlab.attacks.losses`.
        targets: `[batch]`, classes to be mistaken for. None: any wrong class.

    Returns:
        Images in [0, 1], within `epsilon` of the originals.

    Raises:
        ValueError: a loss that needs more classes.
        ValueError, TypeError: bad input; see `advlab.attacks.attack.attack`.

    Source: Kurakin, Goodfellow, Bengio 2017 (arXiv 1607.02533), section 2.2.
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
    """The gradient steps of `pgd` and `bim`, from `start`, in the ball around `images`.

    Args:
        model: takes pixels in [0, 1], returns logits; in evaluation mode.
        images: `[batch, *shape]`, the centres of the balls, in [0, 1].
        labels: `[batch]`, the true classes.
        targets: `[batch]`, classes to be mistaken for; None for the untargeted form.
        start: `[batch, *shape]`, the points where the ascent begins, in [0, 1].
        epsilon: radius of the ball, in pixel units.
        norm: "Linf" or "L2".
        steps: gradient steps.
        step_size: length of a step, in pixel units and the same norm.
        loss: the loss to raise, for each image.

    Returns:
        The last point reached for each image, in the ball and in [0, 1].

    Raises:
        ValueError: a loss that needs more classes.

    Source: Madry et al. 2018 (arXiv 1706.06083), section 2.1.
    """
    adversarial = start
    for _ in range(steps):
        adversarial = adversarial.detach().requires_grad_()
        # Summed over the batch, not averaged, so that an image's gradient does not depend on its neighbours.
        (gradient,) = torch.autograd.grad(loss(model(adversarial), labels, targets).sum(), adversarial)
        adversarial = projected(adversarial.detach() + step_size * steepest(gradient, norm), images, epsilon, norm)
    return adversarial
