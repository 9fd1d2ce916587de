"""AutoAttack's standard version, four attacks without a parameter to tune: Croce, Hein, 2020 (arXiv 2003.01690)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from advlab.attacks.apgd import apgd
from advlab.attacks.apgd_targeted import apgd_targeted
from advlab.attacks.attack import attack
from advlab.attacks.ball import Norm, lengths
from advlab.attacks.boundary import rivals
from advlab.attacks.fab import fab
from advlab.attacks.square import square
from advlab.inference import logits, predict

Breaker = Literal["clean", "APGD-CE", "APGD-T", "FAB-T", "Square"]
#: Of APGD's and FAB's targeted forms: how many wrong classes each image is driven to.
TARGET_CLASSES = 9
#: The targeted DLR loss divides by a difference of the first, third and fourth logit (equation 7).
LEAST_CLASSES = 4
QUERIES = 5000


@dataclass(frozen=True)
class Verdicts:
    """What AutoAttack found: the images, and for each what broke it.

    `broken_by` holds "clean" where the model errs without an attack, and None where it withstood all four.
    """

    images: Float[Tensor, "batch *shape"]
    broken_by: tuple[Breaker | None, ...]


def autoattack(
    model: nn.Module,
    images: Float[Tensor, "batch channels height width"],
    labels: Int[Tensor, " batch"],
    epsilon: float,
    *,
    generator: torch.Generator,
    norm: Norm = "Linf",
) -> Float[Tensor, "batch channels height width"]:
    """APGD-CE, APGD-T, FAB-T and Square, one after another, each on the images that withstood those before.

    Args:
        model: takes pixels in [0, 1], returns logits of at least four classes; answers alike every time.
        images: in [0, 1].
        labels: the true classes.
        epsilon: radius of the ball, in pixel units (for "Linf" in [0, 1]).
        generator: the source of all chance; one of the CPU.
        norm: "Linf" or "L2".

    Returns:
        Images in the ball and in [0, 1]: misclassified where one of the four succeeded, and as they came elsewhere.

    Raises:
        ValueError: fewer than four classes: the targeted DLR loss is not defined for them.
        ValueError, TypeError: other bad input; see `advlab.attacks.attack.attack`.
    """
    return autoattack_verdicts(model, images, labels, epsilon, generator=generator, norm=norm).images


def autoattack_verdicts(
    model: nn.Module,
    images: Float[Tensor, "batch channels height width"],
    labels: Int[Tensor, " batch"],
    epsilon: float,
    *,
    generator: torch.Generator,
    norm: Norm = "Linf",
) -> Verdicts:
    """`autoattack`, and which of the four broke each image. Arguments and errors as there."""
    found = _checked(model, images, labels, epsilon, norm=norm)
    broken_by: list[Breaker | None] = ["clean" if wrong else None for wrong in predict(model, found) != labels]
    attacks: dict[Breaker, Callable[[Tensor, Tensor], Tensor]] = {
        "APGD-CE": lambda x, y: apgd(model, x, y, epsilon, generator=generator, norm=norm),
        "APGD-T": lambda x, y: apgd_targeted(
            model, x, y, epsilon, generator=generator, norm=norm, target_classes=TARGET_CLASSES
        ),
        "FAB-T": lambda x, y: _fab_targeted(model, x, y, epsilon, generator, norm),
        "Square": lambda x, y: square(model, x, y, epsilon, generator=generator, norm=norm, queries=QUERIES),
    }
    for name, attack_ in attacks.items():
        standing = torch.tensor([number for number, by in enumerate(broken_by) if by is None], device=images.device)
        if len(standing) == 0:
            break
        adversarial = attack_(images[standing], labels[standing])
        wrong = predict(model, adversarial) != labels[standing]
        found[standing[wrong]] = adversarial[wrong]
        for number in standing[wrong].tolist():
            broken_by[number] = name
    return Verdicts(found, tuple(broken_by))


@attack
def _checked(
    model: nn.Module, images: Tensor, labels: Tensor, epsilon: float, *, norm: Norm = "Linf"
) -> Float[Tensor, "batch *shape"]:
    """A copy of the images, after the checks that every attack makes, and those of the parts, before any work."""
    if images.ndim != 4:
        raise ValueError(f"Square needs pictures [batch, channels, height, width], got {list(images.shape)}")
    with torch.no_grad():
        classes = model(images[:1]).shape[1]
    if classes < LEAST_CLASSES:
        raise ValueError(
            f"AutoAttack needs at least {LEAST_CLASSES} classes, not {classes}: for fewer its targeted DLR loss is not "
            "defined. Use apgd with cross_entropy or margin, fab and square"
        )
    return images.clone()


def _fab_targeted(
    model: nn.Module, images: Tensor, labels: Tensor, epsilon: float, generator: torch.Generator, norm: Norm
) -> Tensor:
    """FAB towards each wrong class in turn, the likeliest first; what it finds outside the ball does not count."""
    found = images.clone()
    standing = torch.arange(len(images), device=images.device)
    for aims in rivals(logits(model, images), labels, TARGET_CLASSES).T:
        x, y = images[standing], labels[standing]
        adversarial = fab(model, x, y, generator=generator, norm=norm, targets=aims[standing])
        broken = (predict(model, adversarial) != y) & (lengths(adversarial - x, norm) <= epsilon)
        found[standing[broken]] = adversarial[broken]
        standing = standing[~broken]
        if len(standing) == 0:
            break
    return found
