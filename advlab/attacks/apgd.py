"""Auto-PGD, which sets its own step size: Croce, Hein 2020 (arXiv 2003.01690), section 3, algorithm 1."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from advlab.attacks.attack import attack
from advlab.attacks.ball import Norm, per_image, projected, steepest, uniform
from advlab.attacks.losses import Loss, broken, cross_entropy

#: Weight of the gradient step against the momentum of the last move: alpha in the paper.
ALPHA = 0.75
#: The step is halved if fewer than this fraction of steps since the last checkpoint raised the loss: rho in the paper.
RHO = 0.75


def checkpoints(steps: int) -> list[int]:
    """Numbers of steps after which the step size is reviewed: w_j = ceil(p_j N).

    The intervals between them shrink from 0.22 N to 0.06 N. Computed in whole per cent, because ceil may round up once
    too often in floating point.

    Source: Croce, Hein 2020 (arXiv 2003.01690), section 3.1.

    >>> checkpoints(100)
    [22, 41, 57, 70, 80, 87, 93, 99]
    """
    percents, stretch = [22], 22
    while percents[-1] + (stretch := max(stretch - 3, 6)) <= 100:
        percents.append(percents[-1] + stretch)
    return [-(-percent * steps // 100) for percent in percents]


@attack
def apgd(
    model: nn.Module,
    images: Float[Tensor, "batch *shape"],
    labels: Int[Tensor, " batch"],
    epsilon: float,
    *,
    generator: torch.Generator,
    norm: Norm = "Linf",
    steps: int = 100,
    restarts: int = 1,
    loss: Loss = cross_entropy,
    targets: Int[Tensor, " batch"] | None = None,
) -> Float[Tensor, "batch *shape"]:
    """Gradient ascent with momentum, whose step size starts at 2 epsilon and halves when progress stops.

    Only the verdict matters: an image that becomes misclassified is kept as it then is and gets no more steps.

    Args:
        model: takes pixels in [0, 1], returns logits `[batch, classes]`.
        images: `[batch, *shape]`, in [0, 1].
        labels: `[batch]`, the true classes.
        epsilon: radius of the ball, in pixel units; in [0, 1] for L-infinity.
        generator: draws the random starts, uniform in the ball; on the CPU.
        norm: "Linf" or "L2".
        steps: gradient steps of each restart, at least 1.
        restarts: number of random starts for an image that is not yet broken, at least 1.
        loss: the loss to raise, for each image: `cross_entropy`, `margin` or `dlr` of `advlab.attacks.losses`.
        targets: `[batch]`, the class to reach for each image; only reaching it then counts. None: any wrong class
            counts.

    Returns:
        Images in the ball and in [0, 1]. An image misclassified from the start comes back unchanged; one that is never
            broken comes back as the point of the highest loss found.

    Raises:
        ValueError: a loss that needs more classes than the model has (`dlr`).
        ValueError, TypeError: bad input; see `advlab.attacks.attack.attack`.

    Source: Croce, Hein 2020 (arXiv 2003.01690), section 3, algorithm 1.
    """
    found = images.clone()
    highest = images.new_full((len(images),), -torch.inf)
    with torch.no_grad():
        standing = (~broken(model(images), labels, targets)).nonzero().flatten()
    for _ in range(restarts):
        if len(standing) == 0:
            break
        aims = None if targets is None else targets[standing]
        start = uniform(images[standing], epsilon, norm, generator)
        run = ascent(model, images[standing], labels[standing], epsilon, start, norm, steps, loss, aims)
        better = run.broken | (run.losses > highest[standing])
        found[standing[better]] = run.images[better]
        highest[standing] = torch.maximum(run.losses, highest[standing])
        standing = standing[~run.broken]
    return found


@dataclass(frozen=True)
class Run:
    """Result of one ascent: the last images, whether each is misclassified, and its loss (infinite where it is).

    Args:
        images: `[batch, *shape]`, in [0, 1]: the first misclassified point, otherwise the point of highest loss.
        broken: `[batch]`, True where the attack succeeded.
        losses: `[batch]`, the loss at that point; infinite where the attack succeeded.
    """

    images: Tensor
    broken: Tensor
    losses: Tensor


def ascent(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    epsilon: float,
    start: Tensor,
    norm: Norm,
    steps: int,
    loss: Loss,
    targets: Tensor | None,
    any_class: bool = False,
) -> Run:
    """Algorithm 1 on each image: one forward and one backward pass a step, without the images already broken.

    Args:
        model: takes pixels in [0, 1], returns logits; in evaluation mode.
        images: `[batch, *shape]`, the centres of the balls, in [0, 1].
        labels: `[batch]`, the true classes.
        epsilon: radius of the ball, in pixel units.
        start: `[batch, *shape]`, the points where the ascent begins, in the ball and in [0, 1].
        norm: "Linf" or "L2".
        steps: gradient steps, at least 1.
        loss: the loss to raise, for each image.
        targets: `[batch]`, the class to reach for each image; None for the untargeted form.
        any_class: True: `targets` only sets the direction, and any wrong class ends the ascent.

    Raises:
        ValueError: a loss that needs more classes than the model has (`dlr`).

    Source: Croce, Hein 2020 (arXiv 2003.01690), algorithm 1.
    """
    run = Run(start.clone(), labels.new_zeros(len(labels), dtype=torch.bool), start.new_full((len(start),), torch.inf))
    index = torch.arange(len(images), device=images.device)  # places in the caller's batch of images still attacked
    aims = labels if targets is None else targets
    point = previous = best = start
    value = top = top_before = start.new_full((len(start),), -torch.inf)
    gradient = top_gradient = torch.zeros_like(start)
    eta = start.new_full((len(start),), 2 * epsilon)
    rises = torch.zeros_like(eta)  # number of steps since the last checkpoint that raised the loss
    halved = torch.ones_like(index, dtype=torch.bool)  # at the last checkpoint; True before the first
    checks, last_check = set(checkpoints(steps)), 0
    for k in range(steps + 1):
        point = point.detach().requires_grad_()
        logits = model(point)
        losses = loss(logits, labels, None if targets is None else aims)
        (new_gradient,) = torch.autograd.grad(losses.sum(), point)
        point, losses = point.detach(), losses.detach()
        rises = rises + (losses > value) * (k > 0)
        higher = losses > top
        value, top = losses, torch.where(higher, losses, top)
        gradient, shaped = new_gradient, per_image(higher, point)
        best, top_gradient = torch.where(shaped, point, best), torch.where(shaped, gradient, top_gradient)
        done = broken(logits.detach(), labels, None if targets is None or any_class else aims)
        if done.any():
            run.images[index[done]], run.broken[index[done]] = point[done], True
            keep = ~done
            images, labels, aims, index, halved = (of[keep] for of in (images, labels, aims, index, halved))
            point, previous, best, gradient, top_gradient, value, top, top_before, eta, rises = (
                of[keep] for of in (point, previous, best, gradient, top_gradient, value, top, top_before, eta, rises)
            )
            if len(index) == 0:
                return run
        if k in checks:
            oscillates = rises < RHO * (k - last_check)  # condition 1
            stagnates = ~halved & (top == top_before)  # condition 2
            halved, top_before, last_check, rises = oscillates | stagnates, top, k, torch.zeros_like(rises)
            back = per_image(halved, point)
            eta = torch.where(halved, eta / 2, eta)
            point, gradient = torch.where(back, best, point), torch.where(back, top_gradient, gradient)
            value = torch.where(halved, top, value)
        if k < steps:
            aimed = projected(point + per_image(eta, point) * steepest(gradient, norm), images, epsilon, norm)
            if k > 0:  # the first move has no momentum
                aimed = projected(
                    point + ALPHA * (aimed - point) + (1 - ALPHA) * (point - previous), images, epsilon, norm
                )
            point, previous = aimed, point
    run.images[index], run.losses[index] = best, top
    return run
