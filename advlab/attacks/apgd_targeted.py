"""APGD-T, Auto-PGD towards one wrong class after another: Croce, Hein 2020 (arXiv 2003.01690), section 4.1."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from advlab.attacks.apgd import ascent
from advlab.attacks.attack import attack
from advlab.attacks.ball import Norm, uniform
from advlab.attacks.boundary import rivals
from advlab.attacks.losses import Loss, broken, dlr


@attack
def apgd_targeted(
    model: nn.Module,
    images: Float[Tensor, "batch *shape"],
    labels: Int[Tensor, " batch"],
    epsilon: float,
    *,
    generator: torch.Generator,
    norm: Norm = "Linf",
    steps: int = 100,
    restarts: int = 1,
    target_classes: int = 9,
    loss: Loss = dlr,
) -> Float[Tensor, "batch *shape"]:
    """APGD-T of AutoAttack: Auto-PGD towards each of the likeliest wrong classes in turn, by the targeted DLR loss.

    Any wrong class counts as a success, whichever was the target.

    Args:
        model: takes pixels in [0, 1], returns logits `[batch, classes]`.
        images: `[batch, *shape]`, in [0, 1].
        labels: `[batch]`, the true classes.
        epsilon: radius of the ball, in pixel units; in [0, 1] for L-infinity.
        generator: draws the random starts, uniform in the ball; on the CPU.
        norm: "Linf" or "L2".
        steps: gradient steps of each restart, at least 1.
        restarts: number of random starts for each target class, at least 1.
        target_classes: number of wrong classes that are tried, at least 1, in order of falling logit; all, if fewer.
        loss: the targeted loss to raise; `dlr`, as in the paper, needs four classes, `margin` works with two.

    Returns:
        Images in the ball and in [0, 1]. An image misclassified from the start comes back unchanged; one that is never
            broken comes back as the point of the highest loss found for the last target.

    Raises:
        ValueError: a loss that needs more classes than the model has (`dlr`).
        ValueError, TypeError: bad input; see `advlab.attacks.attack.attack`.

    Source: Croce, Hein 2020 (arXiv 2003.01690), section 4.1; the loss is equation 7.
    """
    found = images.clone()
    with torch.no_grad():
        logits = model(images)
    standing = (~broken(logits, labels)).nonzero().flatten()
    for aims in rivals(logits, labels, target_classes).T:
        for _ in range(restarts):
            if len(standing) == 0:
                return found
            start = uniform(images[standing], epsilon, norm, generator)
            run = ascent(
                model,
                images[standing],
                labels[standing],
                epsilon,
                start,
                norm,
                steps,
                loss,
                aims[standing],
                any_class=True,
            )
            found[standing] = run.images
            standing = standing[~run.broken]
    return found
