"""Attacking a model through another one: Szegedy et al. 2014 (1312.6199), Papernot et al. 2017 (1602.02697)."""

from collections.abc import Callable

from jaxtyping import Float, Int
from torch import Tensor, nn

#: An attack whose options are settled: `partial(pgd, generator=...)`, or `fgsm` itself.
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
    """Adversarial images of `surrogate`, a model that the attacker owns, in the hope that they fool `model` too.

    Args:
        model: asked for nothing, neither gradients nor answers; here so that this stands wherever an attack does.
        images: in [0, 1].
        labels: the true classes.
        epsilon: the size that `attack` is given, in pixel units.
        surrogate: takes and returns what `model` does.
        attack: run on the surrogate, for example `fgsm` or `partial(pgd, generator=generator)`.

    Returns:
        What the attack returns: images in [0, 1], within its ball.

    Raises:
        ValueError, TypeError: what the attack raises on bad input.
    """
    return attack(surrogate, images, labels, epsilon)
