"""A perturbation that may touch some pixels only: the spectacles of Sharif et al., 2016, as a fixed mask.

Sharif, Bhagavatula, Bauer, Reiter, CCS 2016 (doi 10.1145/2976749.2978392), section 4.2: the perturbation is confined to
the frame of a pair of glasses, where it may be as large as it likes. Two terms of theirs, smoothness and colours that a
printer has, are left out: nothing here is printed. Threat model: white box, digital.
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from advlab.attacks.attack import attack
from advlab.attacks.losses import Loss, cross_entropy


@attack
def masked(
    model: nn.Module,
    images: Float[Tensor, "batch *shape"],
    labels: Int[Tensor, " batch"],
    epsilon: float = 1.0,
    *,
    mask: Bool[Tensor, "*shape"],
    steps: int = 40,
    step_size: float | None = None,
    loss: Loss = cross_entropy,
    targets: Int[Tensor, " batch"] | None = None,
) -> Float[Tensor, "batch *shape"]:
    """Steps along the sign of the gradient from the image itself, on the pixels of the mask alone.

    Args:
        model: takes pixels in [0, 1], returns logits.
        images: in [0, 1].
        labels: the true classes.
        epsilon: how far a pixel of the mask may move, in pixel units, in [0, 1]; 1 is as far as it likes.
        mask: which pixels may move; of one image's shape, the same for all.
        steps: gradient steps.
        step_size: how far a pixel moves in one step, in pixel units; None is 2.5 * epsilon / steps.
        loss: for each image, to be raised: `cross_entropy`, `margin` or `dlr` of `advlab.attacks.losses`.
        targets: classes to be mistaken for.

    Returns:
        Images in [0, 1], within `epsilon` of where they were on the mask; every other pixel is the same to the bit.

    Raises:
        ValueError: the mask is not of an image's shape, or empty.
        TypeError: the mask is not of truth values.
        ValueError, TypeError: other bad input; see `advlab.attacks.attack.attack`.
    """
    mask = on_pixels(mask, images)
    step_size = 2.5 * epsilon / steps if step_size is None else step_size
    adversarial = images
    for _ in range(steps):
        adversarial = adversarial.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(loss(model(adversarial), labels, targets).sum(), adversarial)
        change = (adversarial.detach() + step_size * gradient.sign() - images).clamp(-epsilon, epsilon)
        adversarial = torch.where(mask, (images + change).clamp(0, 1), images)
    return adversarial


def on_pixels(mask: object, images: Tensor) -> Tensor:
    """The mask on the images' device. Raises TypeError or ValueError where it fits no image or allows nothing."""
    if not isinstance(mask, Tensor) or mask.dtype != torch.bool:
        kind = mask.dtype if isinstance(mask, Tensor) else type(mask).__name__
        raise TypeError(f"mask must be a tensor of truth values, got {kind}: write (mask > 0)?")
    if mask.shape != images.shape[1:]:
        raise ValueError(f"mask must have the shape of one image, {list(images.shape[1:])}, got {list(mask.shape)}")
    if not mask.any():
        raise ValueError("mask allows no pixel to move")
    return mask.to(images.device)


def spectacles(height: int = 28, width: int = 28) -> Bool[Tensor, "1 height width"]:
    """The mask of a pair of glasses in the middle of an image: two rings, a bridge, and a temple at each side.

    Raises:
        ValueError: the image is too small for rings with glass in them.
    """
    if height < 16 or width < 16:
        raise ValueError(f"glasses need an image of at least 16 by 16 pixels, got {height} by {width}")
    unit = width / 28
    down = (torch.arange(height) + 0.5 - height / 2)[:, None]
    right = (torch.arange(width) + 0.5 - width / 2)[None, :]
    frame = (down.abs() < unit) & (right.abs() > 11 * unit)  # the temples
    frame = frame | ((down.abs() < unit) & (right.abs() < 2 * unit))  # the bridge
    for centre in (-6.5 * unit, 6.5 * unit):
        away = torch.hypot(down, right - centre)
        frame = frame | ((away < 5.2 * unit) & (away >= 3.6 * unit))
    return frame[None]
