"""The fast gradient sign method: Goodfellow, Shlens, Szegedy 2015 (arXiv 1412.6572), section 4."""

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
    """One step of size `epsilon` along the sign of the loss gradient: the worst case if the loss were linear.

    Args:
        model: takes pixels in [0, 1], returns logits `[batch, classes]`.
        images: `[batch, *shape]`, in [0, 1].
        labels: `[batch]`, the true classes.
        epsilon: radius of the L-infinity ball, in pixel units, in [0, 1].
        targets: `[batch]`, classes to be mistaken for; the step then lowers their loss. None: any wrong class.

    Returns:
        Images in [0, 1], no pixel further than `epsilon` from its original value.

    Raises:
        ValueError, TypeError: bad input; see `advlab.attacks.attack.attack`.

    Source: Goodfellow et al. 2015 (arXiv 1412.6572), section 4; with targets Kurakin et al. 2017 (arXiv 1607.02533).
    """
    images = images.detach().requires_grad_()
    # Summed over the batch, not averaged, so that an image's gradient does not depend on its neighbours.
    if targets is None:
        loss = F.cross_entropy(model(images), labels, reduction="sum")
    else:
        loss = -F.cross_entropy(model(images), targets, reduction="sum")
    (gradient,) = torch.autograd.grad(loss, images)
    return (images + epsilon * gradient.sign()).clamp(0, 1).detach()
