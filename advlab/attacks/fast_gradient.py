"""The fast gradient method in L2: one step along the gradient itself.

Miyato, Dai, Goodfellow 2017 (arXiv 1605.07725), section 3, there for embeddings of words. Threat model: white box. FGSM
is the same step in L-infinity, where the steepest direction is the sign (`advlab.attacks.fgsm`).
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from advlab.attacks.attack import attack
from advlab.attacks.ball import Norm, steepest
from advlab.attacks.losses import cross_entropy


@attack
def fast_gradient(
    model: nn.Module,
    images: Float[Tensor, "batch *shape"],
    labels: Int[Tensor, " batch"],
    epsilon: float,
    *,
    norm: Norm = "L2",
    targets: Int[Tensor, " batch"] | None = None,
) -> Float[Tensor, "batch *shape"]:
    """One step of length `epsilon` in the direction in which the linearised loss rises fastest, clipped to [0, 1].

    Args:
        model: takes pixels in [0, 1], returns logits `[batch, classes]`.
        images: `[batch, *shape]`, in [0, 1].
        labels: `[batch]`, the true classes.
        epsilon: length of the step, in pixel units; in [0, 1] for L-infinity.
        norm: "L2": along the gradient; "Linf": along its sign, which is `fgsm`.
        targets: `[batch]`, classes to be mistaken for; the step then lowers their loss. None: any wrong class.

    Returns:
        Images in [0, 1], within `epsilon` of the originals; unchanged where the gradient is zero.

    Raises:
        ValueError, TypeError: bad input; see `advlab.attacks.attack.attack`.

    Source: Miyato, Dai, Goodfellow 2017 (arXiv 1605.07725), section 3.
    """
    images = images.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(cross_entropy(model(images), labels, targets).sum(), images)
    return (images + epsilon * steepest(gradient, norm)).clamp(0, 1).detach()
