"""The control for every attack: noise of the same size that uses no knowledge of the model."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from advlab.attacks.attack import attack
from advlab.attacks.ball import Norm, projected, steepest


@attack
def random_noise(
    model: nn.Module,
    images: Float[Tensor, "batch *shape"],
    labels: Int[Tensor, " batch"],
    epsilon: float,
    *,
    generator: torch.Generator,
    norm: Norm = "Linf",
) -> Float[Tensor, "batch *shape"]:
    """Moves every pixel by `epsilon` up or down at random; in L2, the image by `epsilon` in a random direction.

    The result lies on the ball's surface, except where [0, 1] cuts it off.

    Args:
        model: takes pixels in [0, 1], returns logits; checked only, so that noise can be used wherever an attack is.
        images: `[batch, *shape]`, in [0, 1].
        labels: `[batch]`, the true classes; not used.
        epsilon: radius of the ball, in pixel units; in [0, 1] for L-infinity.
        generator: source of the noise, on the CPU; the same state gives the same noise.
        norm: "Linf" or "L2".

    Returns:
        Images in [0, 1], within `epsilon` of the originals.

    Raises:
        ValueError, TypeError: bad input; see `advlab.attacks.attack.attack`.

    Source: advlab's own: a control, not an attack of the literature.
    """
    drawn = torch.randn(images.shape, generator=generator, dtype=images.dtype).to(images.device)
    return projected(images + epsilon * steepest(drawn, norm), images, epsilon, norm)
