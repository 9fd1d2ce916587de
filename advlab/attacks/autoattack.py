"""AutoAttack's standard version, four attacks without parameters to tune: Croce, Hein 2020 (arXiv 2003.01690)."""

from functools import partial
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from advlab.attacks.apgd import apgd
from advlab.attacks.apgd_targeted import apgd_targeted
from advlab.attacks.attack import attack
from advlab.attacks.ball import Norm
from advlab.attacks.fab_targeted import fab_targeted
from advlab.attacks.square import square
from advlab.evaluation import Attack, WorstCase, worst_case

#: Number of wrong classes that the targeted forms of APGD and FAB try for each image.
TARGET_CLASSES = 9
#: The targeted DLR loss divides by a difference of the first, third and fourth logit (equation 7).
LEAST_CLASSES = 4
QUERIES = 5000


def autoattack(
    model: nn.Module,
    images: Float[Tensor, "batch *shape"],
    labels: Int[Tensor, " batch"],
    epsilon: float,
    *,
    generator: torch.Generator,
    norm: Norm = "Linf",
) -> Float[Tensor, "batch *shape"]:
    """APGD-CE, APGD-T, FAB-T and Square in turn, each on the images that the attacks before it did not break.

    Args:
        model: takes pixels in [0, 1], returns logits of at least four classes; deterministic.
        images: pictures `[batch, channels, height, width]`, in [0, 1].
        labels: `[batch]`, the true classes.
        epsilon: radius of the ball, in pixel units; in [0, 1] for L-infinity.
        generator: source of all random numbers, on the CPU.
        norm: "Linf" or "L2".

    Returns:
        Images in the ball and in [0, 1], misclassified where one of the four succeeded and unchanged elsewhere.

    Raises:
        ValueError: fewer than four classes, for which the targeted DLR loss is not defined.
        ValueError, TypeError: other bad input; see `advlab.attacks.attack.attack`.

    Source: Croce, Hein 2020 (arXiv 2003.01690).
    """
    return autoattack_verdicts(model, images, labels, epsilon, generator=generator, norm=norm).adversarial


def autoattack_verdicts(
    model: nn.Module,
    images: Float[Tensor, "batch *shape"],
    labels: Int[Tensor, " batch"],
    epsilon: float,
    *,
    generator: torch.Generator,
    norm: Norm = "Linf",
) -> WorstCase:
    """`autoattack` with its verdicts: which images it broke, and which of the four attacks broke each.

    Args:
        model: takes pixels in [0, 1], returns logits of at least four classes; deterministic.
        images: pictures `[batch, channels, height, width]`, in [0, 1].
        labels: `[batch]`, the true classes.
        epsilon: radius of the ball, in pixel units; in [0, 1] for L-infinity.
        generator: source of all random numbers, on the CPU.
        norm: "Linf" or "L2".

    Returns:
        The worst case over the four attacks; they are named "APGD-CE", "APGD-T", "FAB-T" and "Square".

    Raises:
        ValueError: fewer than four classes, for which the targeted DLR loss is not defined.
        ValueError, TypeError: other bad input; see `advlab.attacks.attack.attack`.

    Source: Croce, Hein 2020 (arXiv 2003.01690).
    """
    _checked(model, images, labels, epsilon, norm=norm)
    shared: dict[str, Any] = {"epsilon": epsilon, "generator": generator, "norm": norm}
    attacks: dict[str, Attack] = {
        "APGD-CE": partial(apgd, **shared),
        "APGD-T": partial(apgd_targeted, **shared, target_classes=TARGET_CLASSES),
        "FAB-T": partial(fab_targeted, **shared, target_classes=TARGET_CLASSES),
        "Square": partial(square, **shared, queries=QUERIES),
    }
    return worst_case(model, images, labels, attacks)


@attack
def _checked(
    model: nn.Module,
    images: Float[Tensor, "batch channels height width"],
    labels: Tensor,
    epsilon: float,
    *,
    norm: Norm = "Linf",
) -> Tensor:
    """The checks that every attack makes, and those of these four, before any work."""
    with torch.no_grad():
        classes = model(images[:1]).shape[1]
    if classes < LEAST_CLASSES:
        raise ValueError(
            f"AutoAttack needs at least {LEAST_CLASSES} classes, not {classes}: for fewer its targeted DLR loss is not "
            "defined. Use apgd with cross_entropy or margin, fab and square"
        )
    return images
