"""Attacks a model through another one: Szegedy et al. 2014 (1312.6199), Papernot et al. 2017 (arXiv 1602.02697)."""

from collections.abc import Callable

from jaxtyping import Float, Int
from torch import Tensor, nn

#: An attack with its options set: `partial(pgd, generator=...)`, or `fgsm` itself.
Attack = Callable[[nn.Module, Tensor, Tensor, float], Tensor]


def transfer(
    model: nn.Module,
    images: Float[Tensor, "batch *shape"],
    labels: Int[Tensor, " batch"],
    epsilon: float,
    *,
    surrogate: nn.Module,
    attack: Attack,
) -> Float[Tensor, "batch *shape"]:
    """Adversarial images of `surrogate`, a model that the attacker owns, which may fool `model` too.

    Args:
        model: not queried, neither for gradients nor for answers; present so that `transfer` can replace any attack.
        images: `[batch, *shape]`, in [0, 1].
        labels: `[batch]`, the true classes.
        epsilon: the size passed on to `attack`, in pixel units.
        surrogate: takes pixels in [0, 1], returns logits `[batch, classes]`, as `model` does.
        attack: runs on the surrogate, for example `fgsm` or `partial(pgd, generator=generator)`.

    Returns:
        What `attack` returns: images in [0, 1], within its ball.

    Raises:
        ValueError, TypeError: what `attack` raises on bad input.

    Source: Papernot et al. 2017 (arXiv 1602.02697); that examples transfer, Szegedy et al. 2014 (arXiv 1312.6199).
    """
    return attack(surrogate, images, labels, epsilon)
