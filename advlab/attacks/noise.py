"""The control for every attack: noise of the same size that knows nothing of the model."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from advlab.attacks.attack import attack


@attack
def random_noise(
    model: nn.Module,
    images: Float[Tensor, "batch *shape"],
    labels: Int[Tensor, " batch"],
    epsilon: float,
    *,
    generator: torch.Generator,
) -> Float[Tensor, "batch *shape"]:
    """Moves every pixel by `epsilon`, up or down by the toss of a coin, then clips to [0, 1].

    Args:
        model: not asked; here so that noise can stand wherever an attack does.
        images: in [0, 1].
        labels: not used.
        epsilon: radius of the L-infinity ball, in pixel units, in [0, 1].
        generator: the source of the coins, on the CPU; the same state gives the same noise.

    Returns:
        Images in [0, 1], no pixel further than `epsilon` from where it was.

    Raises:
        ValueError, TypeError: bad input; see `advlab.attacks.attack.attack`.
    """
    coins = torch.randint(0, 2, images.shape, generator=generator).to(images)
    return (images + epsilon * (2 * coins - 1)).clamp(0, 1)
