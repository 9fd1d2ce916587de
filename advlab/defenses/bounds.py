"""Interval bound propagation: Gowal et al., 2018 (arXiv 1810.12715). Threat model: L-infinity, pixel units.

An interval for every pixel is carried through the network, layer by layer. It ends in two numbers for each logit,
between which the logit stays whatever the attack. The bounds are cheap, and wide unless the network was trained for
them.

They allow for rounding: see `advlab.defenses.intervals`.
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
    """Lower and upper bounds of the logits over all images in [0, 1] within `epsilon`.

    They hold for the model in evaluation mode, whichever mode it is in, and are differentiable in the parameters.

    Args:
        model: a chain of the layers in `advlab.defenses.chain.KNOWN`; takes pixels in [0, 1], returns logits.
        images: [batch, *shape], in [0, 1], on the model's device.
        epsilon: radius of the L-infinity ball, in pixel units, in [0, 1].
        outward: whether to widen the bounds by all possible rounding. False is faster and proves nothing: for training.

    Returns:
        The lower and the upper bounds, each [batch, classes].

    Raises:
        TypeError: epsilon is not a number, or images are not a tensor of the model's dtype.
        ValueError: epsilon is outside [0, 1]; images are empty, not finite or outside [0, 1]; the model holds a layer
            whose bounds are unknown (`advlab.defenses.chain.chain`).

    Source: Gowal et al. 2018 (arXiv 1810.12715), section 3.
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
    """Lower bound of the label's lead over each class; 0 for the label itself. Differentiable in the parameters.

    The difference of two logits is bounded through the last layer in one step ("elision of the last layer"), so it is
    never below the difference of their bounds. The worst-case logits of the paper are `-worst_margins`, up to a
    constant.

    Args:
        model: a chain of the layers in `advlab.defenses.chain.KNOWN`; takes pixels in [0, 1], returns logits.
        images: [batch, *shape], in [0, 1], on the model's device.
        labels: [batch], the classes that ought to lead.
        epsilon: radius of the L-infinity ball, in pixel units, in [0, 1].
        outward: whether to widen the bounds by all possible rounding. False is faster and proves nothing: for training.

    Returns:
        [batch, classes], in units of logits. An image is proved where all entries but the label's are above 0.

    Raises:
        TypeError: epsilon is not a number; images or labels are not tensors of the right dtype.
        ValueError: epsilon is outside [0, 1]; images are empty, not finite or outside [0, 1]; labels do not fit the
            images or the classes; the model holds a layer whose bounds are unknown (`advlab.defenses.chain.chain`).

    Source: Gowal et al. 2018 (arXiv 1810.12715), section 3.
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
    """Mask of images with a proof: every image in [0, 1] within `epsilon` is classified as labelled.

    The fraction of True is a lower bound of the robust accuracy under any attack. False says nothing about an image.

    Args:
        model: a chain of the layers in `advlab.defenses.chain.KNOWN`; takes pixels in [0, 1], returns logits.
        images: [batch, *shape], in [0, 1], on any device.
        labels: [batch], the true classes, on the images' device.
        epsilon: radius of the L-infinity ball, in pixel units, in [0, 1].

    Returns:
        [batch], on the images' device.

    Raises:
        TypeError: epsilon is not a number; images or labels are not tensors of the right dtype.
        ValueError: epsilon is outside [0, 1]; images are empty, not finite or outside [0, 1]; labels do not fit the
            images or the classes; the model holds a layer whose bounds are unknown (`advlab.defenses.chain.chain`).

    Source: Gowal et al. 2018 (arXiv 1810.12715), section 3; rounding as in `advlab.defenses.intervals`.
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
