"""APGD-T, Auto-PGD towards one wrong class after another: Croce, Hein, 2020 (arXiv 2003.01690), section 4.1."""

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
    """APGD-T of AutoAttack: towards each of the likeliest wrong classes in turn, by the targeted DLR loss (equation 7).

    Arguments, result and errors as for `apgd`; any wrong class is a success, whichever was aimed at.

    Args:
        target_classes: how many wrong classes are tried, by falling logit; fewer where the model has fewer.
        loss: `dlr` as in the paper needs four classes; `margin` serves fewer.
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
