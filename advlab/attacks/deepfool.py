"""DeepFool: Moosavi-Dezfooli, Fawzi, Frossard 2016 (arXiv 1511.04599), algorithm 2."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from advlab.attacks.attack import attack
from advlab.attacks.ball import Norm, per_image, steepest
from advlab.attacks.boundary import crossed, linearised, nearest, rivals

#: Number of classes considered besides the label, the likeliest first. The authors' program considers ten in all.
RIVALS = 9


@attack
def deepfool(
    model: nn.Module,
    images: Float[Tensor, "batch *shape"],
    labels: Int[Tensor, " batch"],
    *,
    norm: Norm = "L2",
    steps: int = 50,
    overshoot: float = 0.02,
) -> Float[Tensor, "batch *shape"]:
    """Steps to the nearest boundary, taken as a hyperplane, and repeats from there until the boundary is crossed.

    The steps are summed unclipped; only what the model sees is clipped. So where [0, 1] cuts a step short, the next
    steps make up for it. Clipping the sum itself would let the search stall on the boundary.

    Args:
        model: takes pixels in [0, 1], returns logits `[batch, classes]`.
        images: `[batch, *shape]`, in [0, 1].
        labels: `[batch]`, the true classes.
        norm: the norm in which the boundary is nearest, "L2" or "Linf" (section 3.3 of the paper).
        steps: the largest number of steps, at least 1; most images need a handful.
        overshoot: the fraction by which the sum of the steps is lengthened, so that it crosses, 0 or more.

    Returns:
        Images in [0, 1]; unchanged where the image was already misclassified or was not crossed after all steps.

    Raises:
        ValueError, TypeError: bad input; see `advlab.attacks.attack.attack`.

    Source: Moosavi-Dezfooli, Fawzi, Frossard 2016 (arXiv 1511.04599), algorithm 2.
    """
    with torch.no_grad():
        logits = model(images)
    others = rivals(logits, labels, RIVALS)
    result, total = images.clone(), torch.zeros_like(images)
    active = torch.nonzero(logits.argmax(1) == labels)[:, 0]  # images whose boundary is not yet crossed
    for _ in range(steps):
        if len(active) == 0:
            break
        # The model is linearised without the overshoot and tested with it. From an overshot point, the next step would
        # shrink as the boundary comes near, and where [0, 1] cuts each step short it would never get across.
        points = (images[active] + total[active]).clamp(0, 1)
        differences, slopes = linearised(model, points, labels[active], others[active])
        _, w, distances = nearest(differences, slopes, norm)
        total[active] += per_image(distances, w) * steepest(w, norm)
        points = (images[active] + (1 + overshoot) * total[active]).clamp(0, 1)
        with torch.no_grad():
            done = crossed(model(points), labels[active])
        result[active[done]] = points[done]
        active = active[~done]
    return result
