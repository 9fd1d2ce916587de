"""A perturbation confined to some pixels: the spectacles of Sharif et al. 2016, as a fixed mask.

Sharif, Bhagavatula, Bauer, Reiter, CCS 2016 (doi 10.1145/2976749.2978392), section 4.2: the perturbation is confined to
the frame of a pair of glasses, where its size is not limited. Two terms of the paper, smoothness and printable colours,
are left out: nothing is printed here. Threat model: white box, digital.
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
    """Steps along the sign of the gradient, from the image itself, on the pixels of the mask only.

    Args:
        model: takes pixels in [0, 1], returns logits `[batch, classes]`.
        images: `[batch, *shape]`, in [0, 1].
        labels: `[batch]`, the true classes.
        epsilon: the largest change of a pixel of the mask, in pixel units, in [0, 1]; 1 sets no limit.
        mask: `[*shape]`, boolean, True for pixels that may change; the same for all images.
        steps: gradient steps, at least 1.
        step_size: change of a pixel in one step, in pixel units, above 0; None is 2.5 * epsilon / steps.
        loss: the loss to raise, for each image: `cross_entropy`, `margin` or `dlr` of `advlab.attacks.losses`.
        targets: `[batch]`, classes to be mistaken for. None: any wrong class.

    Returns:
        Images in [0, 1], within `epsilon` of the originals on the mask; every other pixel is bit for bit the same.

    Raises:
        ValueError: the mask does not have an image's shape, or allows no pixel; a loss that needs more classes.
        TypeError: the mask is not a boolean tensor.
        ValueError, TypeError: other bad input; see `advlab.attacks.attack.attack`.

    Source: Sharif et al. 2016 (doi 10.1145/2976749.2978392), section 4.2, without its terms for printing.
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
    """The mask on the images' device, after checking that it fits them.

    Args:
        mask: `[*shape]`, boolean, True for pixels that may change.
        images: `[batch, *shape]`, whose shape and device count.

    Raises:
        TypeError: the mask is not a boolean tensor.
        ValueError: the mask does not have an image's shape, or allows no pixel.

    Source: advlab's own: a check of input.
    """
    if not isinstance(mask, Tensor) or mask.dtype != torch.bool:
        kind = mask.dtype if isinstance(mask, Tensor) else type(mask).__name__
        raise TypeError(f"mask must be a boolean tensor, got {kind}: write (mask > 0)?")
    if mask.shape != images.shape[1:]:
        raise ValueError(f"mask must have the shape of one image, {list(images.shape[1:])}, got {list(mask.shape)}")
    if not mask.any():
        raise ValueError("mask allows no pixel to change: it is False everywhere")
    return mask.to(images.device)


def spectacles(height: int = 28, width: int = 28) -> Bool[Tensor, "1 height width"]:
    """Mask of a pair of glasses in the middle of an image: two rings, a bridge, and a temple on each side.

    Args:
        height: of the image, in pixels, at least 16.
        width: of the image, in pixels, at least 16; the glasses scale with it.

    Returns:
        `[1, height, width]`, True on the frame.

    Raises:
        ValueError: the image is smaller than 16 by 16, too small for rings with glass in them.

    Source: Sharif et al. 2016 (doi 10.1145/2976749.2978392), section 4.2; the shape is advlab's own.
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
