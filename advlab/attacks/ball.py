"""Geometry of the L-infinity and L2 balls around each image, both cut off by [0, 1]. Sizes are in pixel units."""

from typing import Literal

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

Norm = Literal["Linf", "L2"]

#: Lower bound of lengths that are divided by, so that a zero gradient stays zero instead of becoming NaN.
TINY = 1e-12


def lengths(changes: Float[Tensor, "batch *shape"], norm: Norm) -> Float[Tensor, " batch"]:
    """The norm of each image's change: its largest absolute pixel (L-infinity) or its Euclidean length (L2).

    Args:
        changes: `[batch, *shape]`, in pixel units.
        norm: "Linf" or "L2".

    Returns:
        `[batch]`, in pixel units, 0 or more.

    Source: advlab's own: the definition of the two norms, shared by all attacks.
    """
    flat = changes.flatten(1)
    return flat.abs().amax(1) if norm == "Linf" else flat.norm(dim=1)


def per_image(values: Shaped[Tensor, " batch"], like: Float[Tensor, "batch *shape"]) -> Shaped[Tensor, "batch *ones"]:
    """The values reshaped so that each multiplies its own image.

    Args:
        values: `[batch]`, one value for each image.
        like: `[batch, *shape]`, the images.

    Returns:
        `[batch, 1, ...]`, with as many dimensions as `like`.

    Source: advlab's own: a matter of tensor shapes.
    """
    return values.view(-1, *[1] * (like.ndim - 1))


def steepest(gradients: Float[Tensor, "batch *shape"], norm: Norm) -> Float[Tensor, "batch *shape"]:
    """The direction of norm 1 in which the linearised loss rises fastest: signs in L-infinity, a unit vector in L2.

    Args:
        gradients: `[batch, *shape]`, one gradient of the loss for each image.
        norm: "Linf" or "L2".

    Returns:
        `[batch, *shape]`; zero where the gradient is zero.

    Source: Goodfellow et al. 2015 (arXiv 1412.6572), section 4; in L2 Miyato et al. 2017 (arXiv 1605.07725), section 3.
    """
    if norm == "Linf":
        return gradients.sign()
    # Divided by the largest entry first: squares of tiny gradients would underflow to a length of 0.
    scaled = gradients / per_image(lengths(gradients, "Linf").clamp_min(torch.finfo(gradients.dtype).tiny), gradients)
    return scaled / per_image(lengths(scaled, "L2").clamp_min(TINY), gradients)


def projected(
    adversarial: Float[Tensor, "batch *shape"], images: Float[Tensor, "batch *shape"], epsilon: float, norm: Norm
) -> Float[Tensor, "batch *shape"]:
    """The images projected onto the ball, then clipped to [0, 1]; clipping only shortens a change, so both hold.

    Args:
        adversarial: `[batch, *shape]`, the points to project.
        images: `[batch, *shape]`, the centres of the balls, in [0, 1].
        epsilon: radius of the ball, in pixel units.
        norm: "Linf" or "L2".

    Returns:
        `[batch, *shape]`, in the ball and in [0, 1].

    Source: Madry et al. 2018 (arXiv 1706.06083), section 2.1.
    """
    change = adversarial - images
    if norm == "Linf":
        change = change.clamp(-epsilon, epsilon)
    else:
        change = change * per_image((epsilon / lengths(change, "L2").clamp_min(TINY)).clamp_max(1), change)
    return (images + change).clamp(0, 1)


def uniform(
    images: Float[Tensor, "batch *shape"], epsilon: float, norm: Norm, generator: torch.Generator
) -> Float[Tensor, "batch *shape"]:
    """Random starting points: uniform in the ball around each image, then clipped to [0, 1].

    Args:
        images: `[batch, *shape]`, the centres of the balls, in [0, 1].
        epsilon: radius of the ball, in pixel units.
        norm: "Linf" or "L2".
        generator: source of the random numbers, on the CPU.

    Returns:
        `[batch, *shape]`, in the ball and in [0, 1].

    Source: Madry et al. 2018 (arXiv 1706.06083) start at random; in L2 the direction is drawn as by Muller 1959.
    """
    if norm == "Linf":
        coins = torch.rand(images.shape, generator=generator, dtype=images.dtype)
        return (images + epsilon * (2 * coins - 1).to(images.device)).clamp(0, 1)
    direction = torch.randn(images.shape, generator=generator, dtype=images.dtype)
    radius = torch.rand(len(images), generator=generator, dtype=images.dtype) ** (1 / images[0].numel())
    direction = direction * per_image(epsilon * radius / lengths(direction, "L2"), direction)
    return (images + direction.to(images.device)).clamp(0, 1)
