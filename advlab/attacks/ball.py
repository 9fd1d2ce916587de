"""The geometry of the two balls: L-infinity and L2 around each image, both cut off by [0, 1]. Sizes in pixel units."""

from typing import Literal

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

Norm = Literal["Linf", "L2"]

#: Below this the direction of a gradient is rounding; it is then left as it is, not blown up (nor made NaN).
TINY = 1e-12


def lengths(changes: Float[Tensor, "batch *shape"], norm: Norm) -> Float[Tensor, " batch"]:
    """The size of each image's change: its largest pixel, or its Euclidean length."""
    flat = changes.flatten(1)
    return flat.abs().amax(1) if norm == "Linf" else flat.norm(dim=1)


def per_image(values: Shaped[Tensor, " batch"], like: Float[Tensor, "batch *shape"]) -> Shaped[Tensor, "batch *ones"]:
    """One value an image, shaped to multiply images."""
    return values.view(-1, *[1] * (like.ndim - 1))


def steepest(gradients: Float[Tensor, "batch *shape"], norm: Norm) -> Float[Tensor, "batch *shape"]:
    """The direction of size 1 in which the linearised loss rises fastest: signs in L-infinity, a unit vector in L2."""
    if norm == "Linf":
        return gradients.sign()
    # Scaled by the largest entry first: squares of tiny gradients would underflow to a length of 0.
    scaled = gradients / per_image(lengths(gradients, "Linf").clamp_min(torch.finfo(gradients.dtype).tiny), gradients)
    return scaled / per_image(lengths(scaled, "L2").clamp_min(TINY), gradients)


def projected(
    adversarial: Float[Tensor, "batch *shape"], images: Float[Tensor, "batch *shape"], epsilon: float, norm: Norm
) -> Float[Tensor, "batch *shape"]:
    """Back into the ball, then into [0, 1]. Both hold after it: clipping to [0, 1] only shortens a change."""
    change = adversarial - images
    if norm == "Linf":
        change = change.clamp(-epsilon, epsilon)
    else:
        change = change * per_image((epsilon / lengths(change, "L2").clamp_min(TINY)).clamp_max(1), change)
    return (images + change).clamp(0, 1)


def uniform(
    images: Float[Tensor, "batch *shape"], epsilon: float, norm: Norm, generator: torch.Generator
) -> Float[Tensor, "batch *shape"]:
    """A random start: uniform in the ball of each image, then clipped to [0, 1]. `generator` is one of the CPU."""
    if norm == "Linf":
        coins = torch.rand(images.shape, generator=generator, dtype=images.dtype)
        return (images + epsilon * (2 * coins - 1).to(images.device)).clamp(0, 1)
    direction = torch.randn(images.shape, generator=generator, dtype=images.dtype)
    radius = torch.rand(len(images), generator=generator, dtype=images.dtype) ** (1 / images[0].numel())
    direction = direction * per_image(epsilon * radius / lengths(direction, "L2"), direction)
    return (images + direction.to(images.device)).clamp(0, 1)
