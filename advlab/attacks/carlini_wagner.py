"""The L2 attack of Carlini and Wagner 2017 (arXiv 1608.04644), section VI-A."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from advlab.attacks.attack import attack
from advlab.attacks.boundary import crossed, shortest
from advlab.attacks.losses import margin

#: Black starts at tanh(w) = -0.999, because at -1 w would be infinite and the pixel could never move. The authors'
#: program starts nearer to -1, from where a pixel needs many more steps. A start at 0.0005 hardly lengthens a change.
INSIDE = 0.999
#: Factor by which c grows until the first success, as in the authors' program.
GROWTH = 10


@attack
def carlini_wagner(
    model: nn.Module,
    images: Float[Tensor, "batch *shape"],
    labels: Int[Tensor, " batch"],
    *,
    search_steps: int = 9,
    steps: int = 200,
    learning_rate: float = 0.1,
    initial_c: float = 0.01,
    confidence: float = 0.0,
    targets: Int[Tensor, " batch"] | None = None,
) -> Float[Tensor, "batch *shape"]:
    """Minimises the squared L2 change plus c times the margin by which the image is still classified correctly.

    A binary search finds, for each image, the smallest constant c that still succeeds. Nothing is clipped: the images
    are written as (tanh(w) + 1) / 2, and w is unbounded.

    Args:
        model: takes pixels in [0, 1], returns logits `[batch, classes]`.
        images: `[batch, *shape]`, in [0, 1].
        labels: `[batch]`, the true classes.
        search_steps: number of values of c that are tried, at least 1.
        steps: steps of Adam for each c, at least 1.
        learning_rate: Adam's at the first step, in units of w, above 0; it falls to 0 at the last step.
        initial_c: the first c, above 0.
        confidence: kappa, the required lead of the wrong class, in units of a logit, 0 or more.
        targets: `[batch]`, the class to reach for each image; None: any wrong class counts.

    Returns:
        The nearest success found for each image, in [0, 1]; the image unchanged where there is none, or where it needed
            no attack.

    Raises:
        ValueError: `confidence` is negative.
        ValueError, TypeError: bad input; see `advlab.attacks.attack.attack`.

    Source: Carlini, Wagner 2017 (arXiv 1608.04644), section VI-A.
    """
    if not confidence >= 0:
        raise ValueError(f"confidence must be 0 or more, got {confidence}")
    result, sizes = images.clone(), torch.full_like(images.flatten(1)[:, 0], torch.inf)
    with torch.no_grad():
        answers = model(images).argmax(1)
    needless = answers != labels if targets is None else answers == targets
    low, high = torch.zeros_like(sizes), torch.full_like(sizes, torch.inf)
    c = torch.full_like(sizes, initial_c)
    for _ in range(search_steps):
        w = torch.atanh((2 * images - 1) * INSIDE).requires_grad_()
        adam = torch.optim.Adam([w], lr=learning_rate)
        succeeded = torch.zeros_like(needless)
        for step in range(steps + 1):  # the point after the last step is tried, too
            attacked = (w.tanh() + 1) / 2
            logits = model(attacked)
            valid = crossed(logits.detach(), labels, targets, confidence) & ~needless
            result, sizes = shortest(result, attacked.detach(), images, valid, sizes, "L2")
            succeeded |= valid
            if step == steps:
                break
            f = (confidence - margin(logits, labels, targets)).clamp_min(0)
            loss = (attacked - images).square().flatten(1).sum(1) + c * f
            (w.grad,) = torch.autograd.grad(loss.sum(), w)
            # The paper's rate is constant; a falling one ends nearer to the minimum after as many steps.
            adam.param_groups[0]["lr"] = learning_rate * (1 - step / steps)
            adam.step()
        low, high = torch.where(succeeded, low, c), torch.where(succeeded, c, high)
        c = torch.where(high.isinf(), GROWTH * c, (low + high) / 2)
    return result
