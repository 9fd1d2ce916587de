"""The attack on a model and its detector at once: Carlini and Wagner, 2017 (arXiv 1705.07263).

Both become one classifier with one class more, "detected"; every attack on classifiers then is an attack on both.
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
    """A model with its detector as a classifier of one class more, the last, for what is flagged.

    The last logit is the largest of the others plus (score - limit) / spread: it wins just where the score is above the
    limit. (Carlini and Wagner multiply the largest logit, which needs it to be positive.)

    A *targeted* attack on it succeeds where the target is answered and nothing is flagged; any attack will do. An
    untargeted one would count "detected" as an error of the model: give it the loss `undetected` and a verdict of one's
    own, or take `evading_pgd`.

    Args:
        detector: with its model.
        limit: what `advlab.defenses.detection.threshold` says.
        spread: how much of the score counts as one logit, above 0: 1, or the standard deviation of clean scores.

    Raises:
        ValueError: spread is not above 0.
    """

    def __init__(self, detector: Detector, limit: float, spread: float = 1.0) -> None:
        super().__init__()
        if not spread > 0:
            raise ValueError(f"spread must be above 0, got {spread}: the same score for all clean images?")
        self.detector = detector.through()
        self.limit = limit
        self.spread = spread

    def forward(self, images: Float[Tensor, "batch *shape"]) -> Float[Tensor, "batch classes"]:
        """Logits of the classes, then that of "detected"."""
        logits, scores = self.detector(images)
        detected = logits.amax(1) + (scores - self.limit) / self.spread
        return torch.cat([logits, detected[:, None]], dim=1)


def undetected(
    logits: Float[Tensor, "batch classes"], labels: Int[Tensor, " batch"], targets: Int[Tensor, " batch"] | None = None
) -> Float[Tensor, " batch"]:
    """What is missing to both leads, added up: of a wrong class over the true one, and of any class over "detected".

    A `Loss` for `Guarded`: 0 where the image is misclassified and not flagged, negative elsewhere. A lead that is there
    counts no more, so that all of the gradient works on what is missing. With targets, the first lead is that of the
    target over the best other class.
    """
    wrong, quiet = leads(logits, labels, targets)
    return wrong.clamp_max(0) + quiet.clamp_max(0)


def leads(
    logits: Float[Tensor, "batch classes"], labels: Int[Tensor, " batch"], targets: Int[Tensor, " batch"] | None
) -> tuple[Float[Tensor, " batch"], Float[Tensor, " batch"]]:
    """Both leads; the image evades model and detector where both are above 0."""
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

    The first path begins at the image itself, which is not suspicious yet, those of restarts at random points: a random
    start looks like an attack to many detectors.

    Args:
        model: a `Guarded` one, or another whose last class is "detected".
        images: in [0, 1].
        labels: the true classes.
        epsilon: radius of the ball, in pixel units; in [0, 1] for L-infinity.
        generator: the source of the random starts, on the CPU.
        norm: "Linf" or "L2".
        steps: gradient steps from each start.
        step_size: length of a step, in pixel units and the norm of `along`; None is 2.5 * epsilon / steps.
        along: the norm in which a step is the steepest; None is that of the ball. A step along the signs moves every
            pixel alike, and some detectors see nothing so well as that: "L2" leaves alone what hardly matters.
        shrinking: steps that fall in equal parts from `step_size` to nothing, to settle on a narrow quiet place.
        restarts: how many paths; those that still fail begin anew.
        targets: classes to be mistaken for.

    Returns:
        Images in [0, 1], within `epsilon` of where they were. Where none evades, the last point reached.

    Raises:
        ValueError: `along` another norm without a step size, which would be in the wrong one's units.
        ValueError, TypeError: bad input; see `advlab.attacks.attack.attack`.
    """
    if along not in (None, norm) and step_size is None:
        raise ValueError(f"steps along {along} in a ball of {norm} need a step_size of their own, in pixel units")
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
