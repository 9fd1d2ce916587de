"""Whether gradients predict the rise of the loss, along the steps of an attack."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from advlab.attacks.ball import Norm, lengths, projected, steepest
from advlab.attacks.losses import cross_entropy, margin
from advlab.attacks.pgd import REACH
from advlab.models.inference import device_of, evaluation_mode

#: A gradient whose entries are all below this has no direction left in float32: its products underflow.
VANISHED = torch.finfo(torch.float32).tiny


@dataclass(frozen=True)
class Slope:
    """How well the gradient of cross-entropy predicts the loss, image by image.

    Args:
        size: the largest absolute entry of each gradient at the image; entries that are not finite count as 0.
        finite: whether all its entries are finite.
        promised: how much the loss should rise over the first step if it were linear.
        kept: how much it rose.
        rose: whether the margin, which is larger where the attack is nearer to success, rose over the first step.
        rose_at_last: whether it was higher after all steps than at the image.

    Source: Athalye, Carlini, Wagner 2018 (arXiv 1802.00420) and Pintor et al. 2022 (arXiv 2106.09947), for the signs.
    """

    size: list[float]
    finite: list[bool]
    promised: list[float]
    kept: list[float]
    rose: list[bool]
    rose_at_last: list[bool]


def slope(model: nn.Module, images: Tensor, labels: Tensor, epsilon: float, norm: Norm, steps: int) -> Slope:
    """Follow the gradient of cross-entropy from each image, without a random start, in evaluation mode.

    Args:
        model: takes pixels in [0, 1], returns logits.
        images: [batch, *shape], in [0, 1].
        labels: [batch], the true classes.
        epsilon: radius of the ball, in pixel units, above 0.
        norm: "Linf" or "L2".
        steps: at least 2; each is 2.5 * epsilon / steps long.

    Raises:
        IndexError, ZeroDivisionError: steps are below 2.

    Source: the path is BIM's (Kurakin, Goodfellow, Bengio 2017, arXiv 1607.02533); what is read off it is advlab's own.
    """
    device, step_size = device_of(model), REACH * epsilon / steps
    images, labels = images.to(device), labels.to(device)
    with evaluation_mode(model), torch.inference_mode(False):
        points, seen = images, []
        for _ in range(steps):
            gradient, loss, reach = _gradient(model, points, labels)
            seen.append((gradient, loss, reach))
            clean = gradient.nan_to_num(0, 0, 0)  # attacks stand still there; `finite` reports such entries
            moved = projected(points + step_size * steepest(clean, norm), images, epsilon, norm)
            if len(seen) == 1:
                promised = (clean * (moved - points)).flatten(1).sum(1)
            points = moved
        _, _, last = _gradient(model, points, labels)
        (first, before, start), (_, after, second) = seen[0], seen[1]
    return Slope(
        size=lengths(first.nan_to_num(0, 0, 0), "Linf").tolist(),
        finite=first.flatten(1).isfinite().all(1).tolist(),
        promised=promised.tolist(),
        kept=(after - before).nan_to_num(0, 0, 0).tolist(),
        rose=(second > start).tolist(),
        rose_at_last=(last > start).tolist(),
    )


def _gradient(model: nn.Module, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Gradient of cross-entropy in the images, cross-entropy, and margin."""
    images = images.detach().requires_grad_()
    with torch.enable_grad():
        logits = model(images)
        loss = cross_entropy(logits, labels)
        (gradient,) = torch.autograd.grad(loss.sum(), images)
    return gradient, loss.detach(), margin(logits.detach(), labels)
