"""The attacks that an audit runs, from noise to those of AutoAttack, and PGD over a range of epsilons."""

from functools import partial

import torch
from torch import Tensor, nn

from advlab.attacks.apgd import apgd
from advlab.attacks.apgd_targeted import apgd_targeted
from advlab.attacks.ball import Norm
from advlab.attacks.fab_targeted import fab_targeted
from advlab.attacks.fast_gradient import fast_gradient
from advlab.attacks.losses import cross_entropy, dlr, margin
from advlab.attacks.noise import random_noise
from advlab.attacks.pgd import pgd
from advlab.attacks.square import square
from advlab.attacks.transfer import transfer
from advlab.audit.effort import Effort
from advlab.audit.rungs import CLEAN, Attack, Ladder
from advlab.audit.surrogate import surrogate
from advlab.models.inference import predict

#: Number of rungs of the longest ladder.
RUNGS = 12
NOISE, FGSM, TRANSFER, SQUARE = "random noise", "FGSM", "transfer", "Square"
HALF, PGD, MARGIN, RESTARTS = "PGD, half the steps", "PGD", "PGD, margin loss", "PGD, restarts"
#: Steps that carry PGD across the whole domain.
UNBOUNDED_STEPS = 40


def climb(ladder: Ladder, effort: Effort, pool: Tensor, classes: int) -> None:
    """Run all attacks of an audit on a ladder.

    Attacks that checks compare run on every image that is classified correctly at first, the rest only on survivors.

    Args:
        ladder: without rungs; it is changed.
        effort: the sizes of the attacks.
        pool: [m, *shape], images in [0, 1] to train the surrogate on; if there are none, the audited ones are used.
        classes: the number of the model's classes, at least 2.

    Source: advlab's own choice; its last gradient attacks are AutoAttack's (Croce, Hein 2020, arXiv 2003.01690).
    """
    epsilon, norm, steps = ladder.epsilon, ladder.norm, effort.steps

    def descent(steps: int, margins: bool = False, restarts: int = 1) -> Attack:
        loss = margin if margins else cross_entropy
        return lambda model, images, labels, generator: pgd(
            model, images, labels, epsilon, generator=generator, norm=norm, steps=steps, loss=loss, restarts=restarts
        )

    ladder.climb(CLEAN, "clean", lambda model, images, labels, generator: images)
    ladder.climb(
        NOISE,
        "control",
        lambda model, images, labels, generator: random_noise(
            model, images, labels, epsilon, generator=generator, norm=norm
        ),
    )
    ladder.climb(
        FGSM,
        "white box",
        lambda model, images, labels, generator: fast_gradient(model, images, labels, epsilon, norm=norm),
        loss="cross-entropy",
    )
    ladder.climb(HALF, "white box", descent(steps // 2), loss="cross-entropy", steps=steps // 2)
    ladder.climb(PGD, "white box", descent(steps), loss="cross-entropy", steps=steps)
    ladder.climb(MARGIN, "white box", descent(steps, margins=True), loss="margin", steps=steps)
    several = descent(steps, margins=True, restarts=effort.restarts)
    ladder.climb(RESTARTS, "white box", several, True, loss="margin", steps=steps, restarts=effort.restarts)
    _automatic(ladder, effort, classes)
    own = pool if len(pool) else ladder.images
    stand_in = surrogate(ladder.model, own, classes, effort.surrogate_epochs, ladder.seed)

    def through(model: nn.Module, images: Tensor, labels: Tensor, generator: torch.Generator) -> Tensor:
        attack = partial(pgd, generator=generator, norm=norm, steps=steps)
        return transfer(model, images, labels, epsilon, surrogate=stand_in, attack=attack)

    ladder.climb(TRANSFER, "black box", through, by="PGD", loss="cross-entropy", steps=steps)
    if ladder.images.ndim == 4:  # Square needs pictures
        ladder.climb(
            SQUARE,
            "black box",
            lambda model, images, labels, generator: square(
                model, images, labels, epsilon, generator=generator, norm=norm, queries=effort.queries
            ),
            queries=effort.queries,
        )


def _automatic(ladder: Ladder, effort: Effort, classes: int) -> None:
    """Run AutoAttack's gradient attacks on the survivors: APGD-CE, APGD-T and, unless the audit is quick, FAB-T."""
    epsilon, norm, steps = ladder.epsilon, ladder.norm, effort.auto_steps
    goals = min(effort.targets, classes - 1)
    ladder.climb(
        "APGD-CE",
        "white box",
        lambda model, images, labels, generator: apgd(
            model, images, labels, epsilon, generator=generator, norm=norm, steps=steps
        ),
        survivors=True,
        loss="cross-entropy",
        steps=steps,
    )
    four = classes >= 4  # the targeted DLR loss needs four
    ladder.climb(
        "APGD-T",
        "white box",
        lambda model, images, labels, generator: apgd_targeted(
            model, images, labels, epsilon, generator=generator, norm=norm, steps=steps, target_classes=goals,
            loss=dlr if four else margin,
        ),
        survivors=True,
        loss="DLR" if four else "margin",
        steps=steps,
        targets=goals,
    )  # fmt: skip
    if effort.fab_steps:
        ladder.climb(
            "FAB-T",
            "white box",
            lambda model, images, labels, generator: fab_targeted(
                model, images, labels, epsilon, generator=generator, norm=norm, steps=effort.fab_steps,
                target_classes=goals,
            ),
            survivors=True,
            steps=effort.fab_steps,
            targets=goals,
        )  # fmt: skip


def whole_domain(images: Tensor, norm: Norm) -> float:
    """Epsilon whose ball holds every possible image: 1, or in L2 the diagonal of the cube of all images.

    Args:
        images: [batch, *shape], at least one.
        norm: "Linf" or "L2".

    Source: advlab's own: the diameter of [0, 1]^d in the norm.
    """
    return 1.0 if norm == "Linf" else float(images[0].numel()) ** 0.5


def curve(
    model: nn.Module, images: Tensor, labels: Tensor, epsilon: float, norm: Norm, steps: int, seed: int
) -> list[tuple[float, list[bool]]]:
    """Verdicts under PGD at half of epsilon, at epsilon, at twice and at four times epsilon.

    Args:
        model: takes pixels in [0, 1], returns logits.
        images: [batch, *shape], in [0, 1].
        labels: [batch], the true classes.
        epsilon: radius of the ball, in pixel units, above 0.
        norm: "Linf" or "L2".
        steps: of PGD, at least 1.
        seed: of the random starts, the same at each epsilon.

    Returns:
        Pairs of an epsilon, smaller than the whole domain, and for each image whether PGD left it classified correctly.

    Raises:
        ValueError, TypeError: bad input; see `advlab.attacks.attack.attack`.

    Source: Carlini et al. 2019 (arXiv 1902.06705).
    """
    end = whole_domain(images, norm)
    sizes = [size for size in (epsilon / 2, epsilon, 2 * epsilon, 4 * epsilon) if 0 < size < end]
    found = []
    for size in sizes:
        generator = torch.Generator().manual_seed(seed)
        attacked = pgd(model, images, labels, size, generator=generator, norm=norm, steps=steps)
        found.append((size, (predict(model, attacked) == labels).tolist()))
    return found


def unbounded(model: nn.Module, images: Tensor, labels: Tensor, norm: Norm, steps: int, seed: int) -> list[bool]:
    """Verdicts under PGD in the whole domain: True where an image stays correctly classified under both losses.

    Args:
        model: takes pixels in [0, 1], returns logits.
        images: [batch, *shape], in [0, 1].
        labels: [batch], the true classes.
        norm: "Linf" or "L2".
        steps: of PGD with each loss, cross-entropy and margin; at least `UNBOUNDED_STEPS` are taken.
        seed: of the random starts.

    Raises:
        ValueError, TypeError: bad input; see `advlab.attacks.attack.attack`.

    Source: Athalye, Carlini, Wagner 2018 (arXiv 1802.00420); Pintor et al. 2022 (arXiv 2106.09947).
    """
    end = whole_domain(images, norm)
    right = torch.ones(len(images), dtype=torch.bool)
    for loss in (cross_entropy, margin):
        generator = torch.Generator().manual_seed(seed)
        steps = max(steps, UNBOUNDED_STEPS)
        attacked = pgd(model, images, labels, end, generator=generator, norm=norm, steps=steps, loss=loss)
        right &= predict(model, attacked) == labels
    return right.tolist()
