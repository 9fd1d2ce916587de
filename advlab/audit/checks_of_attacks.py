"""Checks of one attack against another, and of the same attack with more steps or a larger epsilon."""

from collections.abc import Sequence
from itertools import pairwise

from advlab.audit.flag import (
    ATHALYE,
    CARLINI,
    CROCE,
    DISTILLATION,
    PAPERNOT,
    PINTOR,
    SIGNIFICANT,
    Flag,
    beats,
    percent,
    stronger,
)
from advlab.audit.rungs import Rung
from advlab.evaluation import Proportion

#: Doubling an attack's effort should change less than this, for certain (a point: an audit has hundreds of images).
CONVERGED = 0.01
#: What may be left of an attack without bounds: nothing, but for an image in a hundred.
UNBROKEN = 0.01
#: Points by which cross-entropy and margin may differ without a reason to look closer.
DISAGREEMENT = 0.05


def single_step(fgsm: Sequence[bool], pgd: Sequence[bool]) -> Flag | None:
    """FGSM that is stronger than PGD."""
    said = stronger(fgsm, pgd)
    if said is None:
        return None
    return Flag(
        "one step beats many", "masked", f"FGSM {said}, PGD being the other",
        "Many steps include what one can do. That they do worse means that gradients at the image mislead.",
        f"{ATHALYE}; {CARLINI}", "more random starts, another loss; look for what hides the gradient",
    )  # fmt: skip


def black_box(square: Sequence[bool], white: Sequence[bool], queries: int) -> Flag | None:
    """Square Attack, which asks for no gradient, stronger than all gradient attacks together."""
    said = stronger(square, white)
    if said is None:
        return None
    return Flag(
        "black box beats white box", "masked",
        f"Square with {queries} queries {said}; the other is all gradient attacks together",
        "Who sees the gradient knows more than who does not. If that does not help, the gradient is masked.",
        f"{ATHALYE}; {CARLINI}", "attack with more queries; find the step that masks, use BPDA or EOT",
    )  # fmt: skip


def transferred(transfer: Sequence[bool], white: Sequence[bool]) -> Flag | None:
    """Adversarial images of another model that fool this one where its own gradients do not."""
    said = stronger(transfer, white)
    if said is None:
        return None
    return Flag(
        "transfer beats white box", "masked",
        f"images made on a surrogate {said}; the other is all gradient attacks together",
        "A surrogate that copied the model's answers is a worse guide than the model, unless gradients are masked.",
        f"{PAPERNOT}; {CARLINI}", "attack through the surrogate, with more of the model's answers",
    )  # fmt: skip


def losses_disagree(cross_entropy: Sequence[bool], margin: Sequence[bool]) -> Flag | None:
    """The same attack with another loss that finds much more, or much less."""
    ours, theirs, probability = beats(margin, cross_entropy)
    if probability >= SIGNIFICANT or abs(ours - theirs) <= DISAGREEMENT * len(margin):
        return None
    return Flag(
        "margin and cross-entropy disagree", "masked" if ours > theirs else "note",
        f"of {len(margin)} images PGD broke {ours} with the margin alone and {theirs} with cross-entropy alone",
        "Both losses reward the same. Cross-entropy saturates where logits are large: attacks stand "
        "still while the margin still has a slope.",
        f"{DISTILLATION}; {CROCE}", "judge by the stronger of the two; do not report one of them alone",
    )  # fmt: skip


def not_converged(half: Sequence[bool], full: Sequence[bool], restarts: Rung) -> Flag | None:
    """Twice the steps, or more restarts, that still break more images."""
    ours, theirs, probability = beats(full, half)
    gain = Proportion(max(ours - theirs, 0), len(full))
    fresh = Proportion(restarts.tried - sum(restarts.right), len(full))
    steps = probability < SIGNIFICANT and gain.low > CONVERGED
    if not steps and fresh.low <= CONVERGED:
        return None
    return Flag(
        "attack not converged", "note",
        f"doubling PGD's steps broke {ours} images and lost {theirs}; restarts broke {fresh.count} more of {fresh.n}",
        "An attack that still gains from more effort has not found what there is. The stronger attacks went further, "
        "and the result is an upper bound all the same.",
        f"{PINTOR}; {CARLINI}", "run more steps and restarts until the result stands still",
    )  # fmt: skip


def unbounded(right: Sequence[bool]) -> Flag | None:
    """Images that stay right although the attack may make anything of them."""
    left = Proportion(sum(right), len(right))
    if left.low <= UNBROKEN:
        return None
    return Flag(
        "unbounded attack fails", "masked",
        f"with an epsilon that allows every image, PGD still leaves {percent(left.value)} of {left.n} images right",
        "Within such an epsilon an image can be turned into one of another class, so an attack that works reaches 0.",
        f"{ATHALYE}; {PINTOR}", "the attack fails, not the attacker: find what hides the gradient",
    )  # fmt: skip


def falling(curve: Sequence[tuple[float, Sequence[bool]]]) -> Flag | None:
    """Accuracy that is higher at a larger epsilon."""
    for (small, before), (large, after) in pairwise(curve):
        said = stronger(before, after)
        if said:
            return Flag(
                "accuracy does not fall with epsilon", "masked",
                f"PGD at epsilon {small:g} {said}, PGD at {large:g} being the other",
                "A larger ball holds the smaller one. That the attack finds less in it means that it loses its way.",
                f"{ATHALYE}; {CARLINI}", "more steps, and smaller ones; another loss; look for what hides the gradient",
            )  # fmt: skip
    return None
