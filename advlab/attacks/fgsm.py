"""The fast gradient sign method: Goodfellow, Shlens, Szegedy, 2015 (arXiv 1412.6572), section 4."""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from advlab.attacks.attack import attack


@attack
def fgsm(
    model: nn.Module,
    images: Float[Tensor, "batch *shape"],
    labels: Int[Tensor, " batch"],
    epsilon: float,
    *,
    targets: Int[Tensor, " batch"] | None = None,
) -> Float[Tensor, "batch *shape"]:
    """One step of size `epsilon` along the sign of the loss's gradient: the worst case, were the loss linear.

    Args:
        model: takes pixels in [0, 1], returns logits.
        images: in [0, 1].
        labels: the true classes.
        epsilon: radius of the L-infinity ball, in pixel units, in [0, 1].
        targets: classes to be mistaken for: a step down their loss instead (Kurakin et al. 2017).

    Returns:
        Images in [0, 1], no pixel further than `epsilon` from where it was.

    Raises:
        ValueError, TypeError: bad input; see `advlab.attacks.attack.attack`.
    """
    images = images.detach().requires_grad_()
    # Summed over the batch, not averaged: an image's gradient does not depend on its neighbours.
    if targets is None:
        loss = F.cross_entropy(model(images), labels, reduction="sum")
    else:
        loss = -F.cross_entropy(model(images), targets, reduction="sum")
    (gradient,) = torch.autograd.grad(loss, images)
    return (images + epsilon * gradient.sign()).clamp(0, 1).detach()
