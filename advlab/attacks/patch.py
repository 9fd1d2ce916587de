"""The adversarial patch: Brown et al. 2017 (arXiv 1712.09665), trained by expectation over transformation.

One small picture, made once, that fools the model wherever it is pasted. The transformations over which the loss is
averaged (Athalye et al. 2018, arXiv 1707.07397) are the place, the angle and the scale of the patch.
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
    """Descends the mean loss over random images, places, angles and scales (Brown et al. 2017, equation 1).

    Each step is one of Adam's on the patch's pixels, which are then clipped to [0, 1].

    Args:
        model: takes pixels in [0, 1], returns logits; left as it was.
        images: in [0, 1], to train on. Measure on others: a patch is meant for images that it has not met.
        labels: the true classes.
        size: side of the patch, in pixels.
        target: the class that everything is to be taken for; without one, anything but the label.
        steps: gradient steps, each on `batch_size` images drawn anew.
        generator: the source of all chance, on the CPU; the same state gives the same patch.
        learning_rate: of Adam, in pixel units.
        shape: what is pasted of the square of pixels.
        angle: see `random_placements`.
        scales: see `random_placements`.

    Returns:
        The patch, in [0, 1].

    Raises:
        ValueError: images outside [0, 1] or none, counts below 1, no image that is not of the target already, or a
            patch that does not fit into an image.
    """
    low, high = (float(end) for end in images.detach().aminmax()) if len(images) else (math.nan, math.nan)
    if not (low >= 0 and high <= 1):
        raise ValueError(f"images must lie in [0, 1] and be one at least, got {len(images)} in [{low:.4g}, {high:.4g}]")
    if min(size, steps, batch_size) < 1:
        raise ValueError(f"size, steps and batch_size are at least 1, got {size}, {steps}, {batch_size}")
    others = torch.arange(len(images)) if target is None else (labels != target).nonzero().flatten().cpu()
    if not len(others):
        raise ValueError(f"all images are of class {target} already: there is nothing to learn from them")
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
            (patch.grad,) = torch.autograd.grad(gain, patch)  # nothing is added to the model's own gradients
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
    """A ready patch at a random place in each image: an attack that, at its time, asks the model nothing.

    Args:
        model: not asked.
        images: in [0, 1].
        labels: not used.
        patch: in [0, 1], of `train_patch` or a control of the same size.
        generator: the source of the placements, on the CPU.
        shape: what is pasted of the square of pixels.
        angle: see `random_placements`.
        scales: see `random_placements`.

    Returns:
        Images in [0, 1], changed where the patch lies and nowhere else.

    Raises:
        ValueError, TypeError: bad input; see `advlab.attacks.attack.attack`, `random_placements` and `apply_patch`.
    """
    height, width = images.shape[2:]
    placements = random_placements(
        len(images), (height, width), patch.shape[-1], generator=generator, shape=shape, angle=angle, scales=scales
    )
    return apply_patch(images, patch.to(images), placements, shape=shape)
