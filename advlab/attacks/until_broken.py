"""PGD when only the verdict matters: the same steps, but none for an image that is already broken."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from advlab.attacks.attack import attack
from advlab.attacks.ball import Norm, projected, steepest, uniform
from advlab.attacks.losses import Loss, broken, cross_entropy
from advlab.attacks.pgd import REACH


@attack
def pgd_until_broken(
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
    """`pgd` in which each image stops at the first point of its path that breaks it.

    The logits that a step's gradient needs anyway show whether the point before it is broken; such an image leaves the
    batch. An image that never breaks takes every step, and with one restart ends at the very pixels of `pgd`. So from
    the same starts the accuracy is at most that of `pgd`: a path may cross a broken region and leave it again.

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
        Images in [0, 1], within `epsilon` of the originals; one that never breaks comes back as the last point of the
            last restart.

    Raises:
        ValueError: several restarts without random start, which would be identical; a loss that needs more classes.
        ValueError, TypeError: bad input; see `advlab.attacks.attack.attack`.

    Source: Madry et al. 2018 (arXiv 1706.06083), section 2.1; stopping early is advlab's own and saves passes.
    """
    if restarts > 1 and not random_start:
        raise ValueError("restarts above 1 without random_start would all be the same: use one restart")
    step_size = REACH * epsilon / steps if step_size is None else step_size
    found = images.clone()
    standing = torch.arange(len(images), device=images.device)
    for _ in range(restarts):
        # Drawn for all images, broken or not, so that one image's starts do not depend on the others' results.
        start = uniform(images, epsilon, norm, generator) if random_start else images
        found[standing] = start[standing]
        for step in range(steps + 1):
            here = found[standing].requires_grad_()
            truth, aims = labels[standing], None if targets is None else targets[standing]
            logits = model(here)
            kept = ~broken(logits, truth, aims)
            if step == steps or not kept.any():
                standing = standing[kept]
                break
            (gradient,) = torch.autograd.grad(loss(logits, truth, aims)[kept].sum(), here)
            standing = standing[kept]
            moved = here.detach()[kept] + step_size * steepest(gradient[kept], norm)
            found[standing] = projected(moved, images[standing], epsilon, norm)
        if len(standing) == 0:
            break
    return found
