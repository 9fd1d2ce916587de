"""The attack on a model and its detector together: Carlini and Wagner, 2017 (arXiv 1705.07263).

Both become one classifier with an additional class, "detected"; every attack on classifiers is then an attack on both.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from advlab.attacks.attack import attack
from advlab.attacks.ball import Norm, projected, steepest, uniform
from advlab.attacks.losses import margin
from advlab.attacks.pgd import REACH
from advlab.defenses.detection import Detector


class Guarded(nn.Module):
    """A model with its detector, as a classifier with an additional last class for images that are flagged.

    The last logit is the largest of the others plus (score - limit) / spread: it is the largest exactly where the score
    is above the limit. (Carlini and Wagner multiply the largest logit, which requires it to be positive.)

    A *targeted* attack on it succeeds where the model answers the target and nothing is flagged; any attack will do. An
    untargeted attack would count "detected" as an error of the model: give it the loss `undetected` and judge its
    images with the detector, or use `evading_pgd`.

    Args:
        detector: the detector with its model; its `through` form is used.
        limit: the score above which images are flagged (`advlab.defenses.detection.threshold`).
        spread: difference of scores that counts as one logit, above 0: 1, or the standard deviation of clean scores.

    Raises:
        ValueError: spread is not above 0.

    Source: Carlini, Wagner 2017 (arXiv 1705.07263).
    """

    def __init__(self, detector: Detector, limit: float, spread: float = 1.0) -> None:
        super().__init__()
        if not spread > 0:
            raise ValueError(f"spread must be above 0, got {spread}: do all clean images score the same?")
        self.detector = detector.through()
        self.limit = limit
        self.spread = spread

    def forward(self, images: Float[Tensor, "batch *shape"]) -> Float[Tensor, "batch classes"]:
        """Logits of the classes, then that of "detected": [batch, classes + 1]."""
        logits, scores = self.detector(images)
        detected = logits.amax(1) + (scores - self.limit) / self.spread
        return torch.cat([logits, detected[:, None]], dim=1)


def undetected(
    logits: Float[Tensor, "batch classes"], labels: Int[Tensor, " batch"], targets: Int[Tensor, " batch"] | None = None
) -> Float[Tensor, " batch"]:
    """Loss for `Guarded`: 0 where an image is misclassified and not flagged, negative elsewhere.

    It is the sum of two leads, each counted only while it is negative: of a wrong class over the true one, and of the
    best class over "detected". A lead that has been reached counts no more, so that the whole gradient works on what is
    missing.

    Args:
        logits: [batch, classes + 1], the last column for "detected".
        labels: [batch], the true classes.
        targets: [batch], classes to be mistaken for. The first lead is then that of the target over the best other
            class. None for an untargeted attack.

    Returns:
        [batch], in units of logits, at most 0.

    Source: advlab's own, made of the margins of Carlini, Wagner 2017 (arXiv 1608.04644).
    """
    wrong, quiet = leads(logits, labels, targets)
    return wrong.clamp_max(0) + quiet.clamp_max(0)


def leads(
    logits: Float[Tensor, "batch classes"], labels: Int[Tensor, " batch"], targets: Int[Tensor, " batch"] | None
) -> tuple[Float[Tensor, " batch"], Float[Tensor, " batch"]]:
    """Both leads of `undetected`; an image evades model and detector where both are above 0.

    Args:
        logits: [batch, classes + 1], the last column for "detected".
        labels: [batch], the true classes.
        targets: [batch], classes to be mistaken for; None for an untargeted attack.

    Returns:
        The lead of a wrong class, or the target, and that of any class over "detected"; each [batch], in logits.

    Source: advlab's own, made of the margins of Carlini, Wagner 2017 (arXiv 1608.04644).
    """
    classes, detected = logits[:, :-1], logits[:, -1]
    return margin(classes, labels, targets), classes.amax(1) - detected


@attack
def evading_pgd(
    model: nn.Module,
    images: Float[Tensor, "batch *shape"],
    labels: Int[Tensor, " batch"],
    epsilon: float,
    *,
    generator: torch.Generator,
    norm: Norm = "Linf",
    steps: int = 100,
    step_size: float | None = None,
    along: Norm | None = None,
    shrinking: bool = False,
    restarts: int = 1,
    targets: Int[Tensor, " batch"] | None = None,
) -> Float[Tensor, "batch *shape"]:
    """PGD towards images that are misclassified and not flagged; each stops at the first such point of its path.

    The first path begins at the image itself, which is not suspicious yet. Those of restarts begin at random points of
    the ball: to many detectors a random start looks like an attack.

    Args:
        model: a `Guarded` model, or another whose last class is "detected".
        images: [batch, *shape], in [0, 1].
        labels: [batch], the true classes.
        epsilon: radius of the ball, in pixel units; in [0, 1] for L-infinity.
        generator: draws the random starts, on the CPU; the same state gives the same result.
        norm: of the ball, "Linf" or "L2".
        steps: gradient steps from each start, at least 1.
        step_size: length of a step, in pixel units and the norm of `along`, above 0; None for 2.5 * epsilon / steps.
        along: the norm in which each step is the steepest, "Linf" or "L2"; None for that of the ball. A step along the
            signs moves every pixel by the same amount, which some detectors see best; "L2" hardly moves pixels that
            hardly matter.
        shrinking: whether steps fall linearly from `step_size` to 0, to settle in a narrow region that is not flagged.
        restarts: number of paths, at least 1; only images that still fail begin anew.
        targets: [batch], classes to be mistaken for; None for an untargeted attack.

    Returns:
        Images in [0, 1], within `epsilon` of where they were; where none evades, the last point reached.

    Raises:
        TypeError: epsilon is not a number; images, labels or targets are not tensors of the right dtype.
        ValueError: `along` differs from `norm` and step_size is None, whose default would be in the wrong unit; another
            argument is out of range, or labels or targets do not fit (see `advlab.attacks.attack.attack`).

    Source: Carlini, Wagner 2017 (arXiv 1705.07263), with steps of Madry et al. 2018 (arXiv 1706.06083), section 2.1.
    """
    if along not in (None, norm) and step_size is None:
        raise ValueError(f"steps along {along!r} in a ball of norm {norm!r} need a step_size of their own, got None")
    step_size = REACH * epsilon / steps if step_size is None else step_size
    found = images.clone()
    standing = torch.arange(len(images), device=images.device)
    for restart in range(restarts):
        if restart > 0:
            found[standing] = uniform(images, epsilon, norm, generator)[standing]
        for step in range(steps + 1):
            here = found[standing].requires_grad_()
            truth, aims = labels[standing], None if targets is None else targets[standing]
            logits = model(here)
            kept = torch.minimum(*leads(logits.detach(), truth, aims)) <= 0
            standing, remaining = standing[kept], here.detach()[kept]
            if step == steps or not kept.any():
                break
            (gradient,) = torch.autograd.grad(undetected(logits, truth, aims)[kept].sum(), here)
            length = step_size * (1 - step / steps) if shrinking else step_size
            moved = remaining + length * steepest(gradient[kept], along or norm)
            found[standing] = projected(moved, images[standing], epsilon, norm)
        if len(standing) == 0:
            break
    return found
