"""Interval bound propagation: Gowal et al., 2018 (arXiv 1810.12715). Threat model: L-infinity, pixel units.

An interval for every pixel is carried through the network, layer by layer; what the logits can be then lies between
two numbers, whatever the attack. The bounds are cheap, and wide unless the network was trained for them.

Rounding is allowed for: `advlab.defenses.intervals` says how.
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from advlab.attacks.input_checks import check_classes, check_epsilon, check_images
from advlab.defenses.chain import chain
from advlab.defenses.intervals import intervals, margins
from advlab.models.inference import CHUNK, device_of


def bounds(
    model: nn.Module, images: Float[Tensor, "batch *shape"], epsilon: float, *, outward: bool = True
) -> tuple[Float[Tensor, "batch classes"], Float[Tensor, "batch classes"]]:
    """Lower and upper bounds of the logits over all images within `epsilon` and in [0, 1]. Section 3 of the paper.

    They are those of the model in evaluation mode, whatever its flags, and differentiable in the parameters.

    Args:
        model: a chain of the layers in `advlab.defenses.chain.KNOWN`; takes pixels in [0, 1], returns logits.
        images: in [0, 1], on the model's device.
        epsilon: radius of the ball, L-infinity, in pixel units, [0, 1].
        outward: allow for rounding. Without it there is less work and no proof: for training.

    Raises:
        ValueError, TypeError: bad input, or a model whose bounds are unknown (`advlab.defenses.chain.chain`).
    """
    check_epsilon(epsilon)
    check_images(images, model)
    body, last = chain(model)
    logits = intervals([*body, last], images, epsilon, outward=outward)[-1]
    return logits.lower, logits.upper


def worst_margins(
    model: nn.Module,
    images: Float[Tensor, "batch *shape"],
    labels: Int[Tensor, " batch"],
    epsilon: float,
    *,
    outward: bool = True,
) -> Float[Tensor, "batch classes"]:
    """For each class, how far the label's logit leads it at the least; 0 for the label itself. Differentiable.

    The difference of two logits is bounded through the last layer as one step ("elision of the last layer", section 3):
    never below the difference of their bounds. The worst-case logits of the paper, up to a constant, are `-margins`.

    Args, Raises: as `bounds`; `labels` are the classes that ought to lead.
    """
    check_epsilon(epsilon)
    check_images(images, model)
    body, last = chain(model)
    check_classes("labels", labels, images, last.out_features)
    entering = intervals(body, images, epsilon, outward=outward)[-1]
    return margins(last, entering, labels, outward=outward)


def certified(
    model: nn.Module, images: Float[Tensor, "batch *shape"], labels: Int[Tensor, " batch"], epsilon: float
) -> Bool[Tensor, " batch"]:
    """Which images are proved: every image within `epsilon` of it and in [0, 1] is classified as labelled.

    Their share is a lower bound of the robust accuracy against any attack. False says nothing about an image.

    Args, Raises: as `worst_margins`; images may lie on another device than the model, the answer lies on theirs.
    """
    check_epsilon(epsilon)
    check_images(images, model)
    body, last = chain(model)
    check_classes("labels", labels, images, last.out_features)
    device, verdicts = device_of(model), []
    with torch.no_grad():
        for part, truth in zip(images.to(device).split(CHUNK), labels.to(device).long().split(CHUNK), strict=True):
            entering = intervals(body, part, epsilon, outward=True)[-1]
            least = margins(last, entering, truth, outward=True)
            verdicts.append((least.scatter(1, truth[:, None], torch.inf) > 0).all(1))
    return torch.cat(verdicts).to(images.device)
