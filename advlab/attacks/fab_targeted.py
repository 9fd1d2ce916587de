"""FAB-T, FAB towards one wrong class after another: Croce, Hein, 2020 (arXiv 2003.01690), section 5."""

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
    """FAB-T of AutoAttack: `fab` towards each of the likeliest wrong classes in turn, until one lies within epsilon.

    Args:
        model: takes pixels in [0, 1], returns logits.
        images: in [0, 1].
        labels: the true classes.
        epsilon: radius of the ball, in pixel units (for "Linf" in [0, 1]); what is found outside does not count.
        generator: handed to `fab`.
        norm: "Linf" or "L2".
        steps: of `fab`, towards each class.
        target_classes: how many wrong classes are tried, by falling logit; fewer where the model has fewer.

    Returns:
        Images in the ball and in [0, 1]; as they came where nothing was found there.

    Raises:
        ValueError, TypeError: bad input; see `advlab.attacks.attack.attack`.
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
