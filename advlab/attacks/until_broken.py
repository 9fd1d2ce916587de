"""PGD for whoever only asks which images break: the same steps, but none for an image that is broken already."""

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
    """`pgd`, where each image stops at the first point of its path that breaks it.

    The logits that a step's gradient needs anyway say whether the point before it is broken; such an image leaves the
    batch. An image that never breaks takes every step, and the first restart gives it the very pixels of `pgd`. So the
    accuracy is at most that of `pgd` from the same starts: a path may cross a broken region and leave it again.

    Args, Returns, Raises: as `advlab.attacks.pgd.pgd`. Of images that never break the last point of the last restart
    comes back.
    """
    if restarts > 1 and not random_start:
        raise ValueError("restarts without random_start would all be the same: use one restart")
    step_size = REACH * epsilon / steps if step_size is None else step_size
    found = images.clone()
    standing = torch.arange(len(images), device=images.device)
    for _ in range(restarts):
        # Drawn for all images, standing or not: the starts of one do not depend on what became of the others.
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
