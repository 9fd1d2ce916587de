"""FAB-T, FAB towards one wrong class after another: Croce, Hein 2020 (arXiv 2003.01690), section 5."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from advlab.attacks.attack import attack
from advlab.attacks.ball import Norm, lengths
from advlab.attacks.boundary import rivals
from advlab.attacks.fab import fab
from advlab.attacks.losses import broken


@attack
def fab_targeted(
    model: nn.Module,
    images: Float[Tensor, "batch *shape"],
    labels: Int[Tensor, " batch"],
    epsilon: float,
    *,
    generator: torch.Generator,
    norm: Norm = "Linf",
    steps: int = 100,
    target_classes: int = 9,
) -> Float[Tensor, "batch *shape"]:
    """FAB-T of AutoAttack: `fab` towards each of the likeliest wrong classes until a success lies within epsilon.

    Args:
        model: takes pixels in [0, 1], returns logits `[batch, classes]`.
        images: `[batch, *shape]`, in [0, 1].
        labels: `[batch]`, the true classes.
        epsilon: radius of the ball, in pixel units; in [0, 1] for L-infinity. Successes outside the ball do not count.
        generator: passed on to `fab`; on the CPU.
        norm: "Linf" or "L2".
        steps: steps of `fab` towards each class, at least 1.
        target_classes: number of wrong classes that are tried, at least 1, in order of falling logit; all, if fewer.

    Returns:
        Images in the ball and in [0, 1]; unchanged where no success was found there.

    Raises:
        ValueError, TypeError: bad input; see `advlab.attacks.attack.attack`.

    Source: Croce, Hein 2020 (arXiv 2003.01690), section 5.
    """
    found = images.clone()
    with torch.no_grad():
        logits = model(images)
    standing = (~broken(logits, labels)).nonzero().flatten()
    for aims in rivals(logits, labels, target_classes).T:
        if len(standing) == 0:
            break
        x, y = images[standing], labels[standing]
        adversarial = fab(model, x, y, generator=generator, norm=norm, steps=steps, targets=aims[standing])
        with torch.no_grad():
            won = broken(model(adversarial), y) & (lengths(adversarial - x, norm) <= epsilon)
        found[standing[won]] = adversarial[won]
        standing = standing[~won]
    return found
