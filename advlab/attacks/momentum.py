"""The momentum iterative fast gradient sign method, MI-FGSM: Dong et al. 2018 (arXiv 1710.06081), algorithm 1.

Threat model: white box, L-infinity or L2, pixel units; made for examples that transfer to other models.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from advlab.attacks.attack import attack
from advlab.attacks.ball import Norm, lengths, per_image, projected, steepest
from advlab.attacks.losses import Loss, cross_entropy


@attack
def momentum(
    model: nn.Module,
    images: Float[Tensor, "batch *shape"],
    labels: Int[Tensor, " batch"],
    epsilon: float,
    *,
    norm: Norm = "Linf",
    steps: int = 10,
    step_size: float | None = None,
    decay: float = 1.0,
    loss: Loss = cross_entropy,
    targets: Int[Tensor, " batch"] | None = None,
) -> Float[Tensor, "batch *shape"]:
    """Steps along a decaying sum of all gradients so far, each scaled to L1 norm 1, which damps the last one.

    Args:
        model: takes pixels in [0, 1], returns logits `[batch, classes]`.
        images: `[batch, *shape]`, in [0, 1].
        labels: `[batch]`, the true classes.
        epsilon: radius of the ball, in pixel units; in [0, 1] for L-infinity.
        norm: "Linf" or "L2"; the paper has both.
        steps: gradient steps, at least 1.
        step_size: length of a step, in pixel units and the same norm, above 0; None is the paper's epsilon / steps.
        decay: the paper's mu, the fraction of the sum that the next step keeps, 0 or more; at 0 this is `bim`.
        loss: the loss to raise, for each image: `cross_entropy`, `margin` or `dlr` of `advlab.attacks.losses`.
        targets: `[batch]`, classes to be mistaken for. None: any wrong class.

    Returns:
        Images in [0, 1], within `epsilon` of the originals.

    Raises:
        ValueError: `decay` is negative or not finite; a loss that needs more classes.
        ValueError, TypeError: bad input; see `advlab.attacks.attack.attack`.

    Source: Dong et al. 2018 (arXiv 1710.06081), algorithm 1.
    """
    if not 0 <= decay < torch.inf:
        raise ValueError(f"decay must be a finite number of at least 0, got {decay!r}")
    step_size = epsilon / steps if step_size is None else step_size
    adversarial, g = images, torch.zeros_like(images)
    for _ in range(steps):
        adversarial = adversarial.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(loss(model(adversarial), labels, targets).sum(), adversarial)
        g = decay * g + of_mass_one(gradient)
        adversarial = projected(adversarial.detach() + step_size * steepest(g, norm), images, epsilon, norm)
    return adversarial


def of_mass_one(gradients: Float[Tensor, "batch *shape"]) -> Float[Tensor, "batch *shape"]:
    """Each image's gradient scaled to L1 norm 1; a zero gradient stays zero.

    Source: Dong et al. 2018 (arXiv 1710.06081), algorithm 1.
    """
    # Divided by the largest entry first, so that the sum of tiny ones does not underflow.
    scaled = gradients / per_image(lengths(gradients, "Linf").clamp_min(torch.finfo(gradients.dtype).tiny), gradients)
    mass = scaled.flatten(1).abs().sum(1)
    return scaled / per_image(torch.where(mass > 0, mass, 1), gradients)
