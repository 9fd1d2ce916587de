"""Checks of one attack against another, and of the same attack with more steps or a larger epsilon.

All take verdicts on the same images in the same order: True where an attack left the image classified correctly.
"""

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

#: Doubling an attack's effort must not certainly gain more than this (one point: an audit has hundreds of images).
CONVERGED = 0.01
#: Fraction of images that may survive an unbounded attack: ideally none.
UNBROKEN = 0.01
#: Fraction of images by which cross-entropy and margin may differ without a reason to look closer.
DISAGREEMENT = 0.05


def single_step(fgsm: Sequence[bool], pgd: Sequence[bool]) -> Flag | None:
    """Flag an FGSM that is stronger than PGD.

    Args:
        fgsm: verdicts under FGSM, one per image.
        pgd: verdicts under PGD, on the same images.

    Returns:
        The flag; None where nothing was seen.

    Source: Athalye, Carlini, Wagner 2018 (arXiv 1802.00420); Carlini et al. 2019 (arXiv 1902.06705).
    """
    said = stronger(fgsm, pgd)
    if said is None:
        return None
    return Flag(
        "one step beats many", "masked", f"FGSM {said}; the other is PGD",
        "Many steps can do whatever one step can. If they do worse, the gradients along the way mislead.",
        f"{ATHALYE}; {CARLINI}", "more random starts, another loss; look for what hides the gradient",
    )  # fmt: skip


def black_box(square: Sequence[bool], white: Sequence[bool], queries: int) -> Flag | None:
    """Flag a Square Attack, which needs no gradient, that is stronger than all gradient attacks together.

    Args:
        square: verdicts under Square, one per image.
        white: verdicts under all gradient attacks together, on the same images.
        queries: that Square made per image.

    Returns:
        The flag; None where nothing was seen.

    Source: Athalye, Carlini, Wagner 2018 (arXiv 1802.00420); Carlini et al. 2019 (arXiv 1902.06705).
    """
    said = stronger(square, white)
    if said is None:
        return None
    return Flag(
        "black box beats white box", "masked",
        f"Square with {queries} queries {said}; the other is all gradient attacks together",
        "An attacker who sees the gradient knows more than one who does not. If that does not help, it is masked.",
        f"{ATHALYE}; {CARLINI}", "attack with more queries; find the step that masks, use BPDA or EOT",
    )  # fmt: skip


def transferred(transfer: Sequence[bool], white: Sequence[bool]) -> Flag | None:
    """Flag adversarial images of another model that fool this one where its own gradients do not.

    Args:
        transfer: verdicts on images made on a surrogate, one per image.
        white: verdicts under all gradient attacks together, on the same images.

    Returns:
        The flag; None where nothing was seen.

    Source: Papernot et al. 2017 (arXiv 1602.02697); Carlini et al. 2019 (arXiv 1902.06705).
    """
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
    """Flag an attack that finds much more, or much less, with another loss.

    Args:
        cross_entropy: verdicts under PGD with cross-entropy, one per image.
        margin: verdicts under PGD with the margin, on the same images.

    Returns:
        The flag; None where the difference is small or may be chance.

    Source: Carlini, Wagner 2017 (arXiv 1608.04644); Croce, Hein 2020 (arXiv 2003.01690).
    """
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
    """Flag an attack that still breaks more images with twice the steps or with more restarts.

    Args:
        half: verdicts under PGD with half the steps, one per image.
        full: verdicts under PGD with all steps, on the same images.
        restarts: PGD with restarts, on the images that were still unbroken.

    Returns:
        The flag; None where nothing was seen.

    Source: Pintor et al. 2022 (arXiv 2106.09947); Carlini et al. 2019 (arXiv 1902.06705).
    """
    ours, theirs, probability = beats(full, half)
    gain = Proportion(max(ours - theirs, 0), len(full))
    fresh = Proportion(restarts.tried - sum(restarts.right), len(full))
    steps = probability < SIGNIFICANT and gain.low > CONVERGED
    if not steps and fresh.low <= CONVERGED:
        return None
    return Flag(
        "attack not converged", "note",
        f"doubling PGD's steps broke {ours} images and lost {theirs}; restarts broke {fresh.count} more of {fresh.n}",
        "An attack that still gains from more effort has not found all there is. The stronger attacks went further, "
        "and the result is an upper bound in any case.",
        f"{PINTOR}; {CARLINI}", "run more steps and restarts until the result stands still",
    )  # fmt: skip


def unbounded(right: Sequence[bool]) -> Flag | None:
    """Flag images that stay correctly classified although the attack may change them into any image."""
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
    """Flag an accuracy that is higher at a larger epsilon."""
    for (small, before), (large, after) in pairwise(curve):
        said = stronger(before, after)
        if said:
            return Flag(
                "accuracy does not fall with epsilon", "masked",
                f"PGD at epsilon {small:g} {said}; the other is PGD at {large:g}",
                "A larger ball contains the smaller one. An attack that finds less in it has lost its way.",
                f"{ATHALYE}; {CARLINI}", "more steps, and smaller ones; another loss; look for what hides the gradient",
            )  # fmt: skip
    return None
