"""The adversarial patch: Brown et al. 2017 (arXiv 1712.09665), trained by expectation over transformation.

One small picture, made once, that fools the model wherever it is pasted. The loss is averaged over the patch's place,
angle and scale, the transformations in the sense of Athalye et al. 2018 (arXiv 1707.07397).
"""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from advlab.attacks.attack import attack
from advlab.attacks.losses import cross_entropy
from advlab.attacks.transformations import ANGLE, SCALES, Shape, apply_patch, random_placements
from advlab.models.inference import device_of, evaluation_mode


def train_patch(
    model: nn.Module,
    images: Float[Tensor, "batch channels height width"],
    labels: Int[Tensor, " batch"],
    *,
    size: int,
    target: int | None = None,
    steps: int = 200,
    generator: torch.Generator,
    batch_size: int = 50,
    learning_rate: float = 0.1,
    shape: Shape = "circle",
    angle: float = ANGLE,
    scales: tuple[float, float] = SCALES,
) -> Float[Tensor, "channels size size"]:
    """Optimises the mean loss over random images, places, angles and scales.

    Each step is one of Adam's on the patch's pixels, which are then clipped to [0, 1].

    Args:
        model: takes pixels in [0, 1], returns logits `[batch, classes]`; left unchanged.
        images: `[batch, channels, height, width]`, in [0, 1], to train on. Measure on other images: a patch is meant
            for images that it was not trained on.
        labels: `[batch]`, the true classes.
        size: side of the patch, in pixels, at least 1.
        target: the class that every image is to be classified as; None: any class but the label.
        steps: gradient steps, at least 1, each on `batch_size` images drawn anew.
        generator: source of all random numbers, on the CPU; the same state gives the same patch.
        batch_size: images in each step, drawn with replacement, at least 1.
        learning_rate: Adam's, in pixel units, above 0.
        shape: "circle" or "square": the part of the square of pixels that is pasted.
        angle: the largest rotation either way, in degrees, 0 or more.
        scales: the smallest and the largest scale, 0 < low <= high; 1 is the patch's own size.

    Returns:
        `[channels, size, size]`, the patch, in [0, 1].

    Raises:
        ValueError: there are no images or they leave [0, 1]; `size`, `steps` or `batch_size` is below 1; all images are
            of the target class already; the angle or the scales are out of range; the patch does not fit into an image.

    Source: Brown et al. 2017 (arXiv 1712.09665), equation 1.
    """
    low, high = (float(end) for end in images.detach().aminmax()) if len(images) else (math.nan, math.nan)
    if not (low >= 0 and high <= 1):
        raise ValueError(f"images must lie in [0, 1] and be at least one; got {len(images)} in [{low:.4g}, {high:.4g}]")
    if min(size, steps, batch_size) < 1:
        raise ValueError(f"size, steps and batch_size must be at least 1, got {size}, {steps}, {batch_size}")
    others = torch.arange(len(images)) if target is None else (labels != target).nonzero().flatten().cpu()
    if not len(others):
        raise ValueError(f"all images are of the target class {target} already: there is nothing to learn from them")
    device = device_of(model)
    patch = torch.full((images.shape[1], size, size), 0.5, dtype=images.dtype, device=device, requires_grad=True)
    optimiser = torch.optim.Adam([patch], learning_rate, maximize=True)
    height, width = images.shape[2:]
    with evaluation_mode(model), torch.enable_grad():
        for _ in range(steps):
            drawn = others[torch.randint(len(others), (batch_size,), generator=generator)]
            batch, truth = images[drawn].to(device), labels[drawn].to(device)
            placements = random_placements(
                batch_size, (height, width), size, generator=generator, shape=shape, angle=angle, scales=scales
            )
            targets = None if target is None else torch.full_like(truth, target)
            gain = cross_entropy(model(apply_patch(batch, patch, placements, shape=shape)), truth, targets).mean()
            (patch.grad,) = torch.autograd.grad(gain, patch)  # leaves the gradients of the model's parameters untouched
            optimiser.step()
            with torch.no_grad():
                patch.clamp_(0, 1)
    return patch.detach().to(images.device)


@attack
def patched(
    model: nn.Module,
    images: Float[Tensor, "batch channels height width"],
    labels: Int[Tensor, " batch"],
    *,
    patch: Float[Tensor, "channels size size"],
    generator: torch.Generator,
    shape: Shape = "circle",
    angle: float = ANGLE,
    scales: tuple[float, float] = SCALES,
) -> Float[Tensor, "batch channels height width"]:
    """Pastes a finished patch at a random place in each image; the attack itself does not query the model.

    Args:
        model: takes pixels in [0, 1], returns logits; checked only.
        images: `[batch, channels, height, width]`, in [0, 1].
        labels: `[batch]`, the true classes; not used.
        patch: `[channels, size, size]`, in [0, 1], from `train_patch` or a control of the same size.
        generator: source of the placements, on the CPU.
        shape: "circle" or "square": the part of the square of pixels that is pasted.
        angle: the largest rotation either way, in degrees, 0 or more.
        scales: the smallest and the largest scale, 0 < low <= high; 1 is the patch's own size.

    Returns:
        Images in [0, 1], changed only where the patch lies.

    Raises:
        ValueError: the angle or the scales are out of range; the patch is not square, has another number of channels,
            or does not fit into an image.
        ValueError, TypeError: other bad input; see `advlab.attacks.attack.attack`.

    Source: Brown et al. 2017 (arXiv 1712.09665).
    """
    height, width = images.shape[2:]
    placements = random_placements(
        len(images), (height, width), patch.shape[-1], generator=generator, shape=shape, angle=angle, scales=scales
    )
    return apply_patch(images, patch.to(images), placements, shape=shape)
