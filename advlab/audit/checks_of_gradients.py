"""Checks of gradients: whether there are any, and whether they say where the loss rises."""

from advlab.audit.flag import ATHALYE, PINTOR, SHARE, ZIMMERMANN, Flag, percent
from advlab.audit.probe import Probe
from advlab.audit.slope import VANISHED, Slope
from advlab.evaluation import Proportion

#: A useless gradient raises the margin on half of the images, an honest one on nearly all: the limit is in between.
RISING = 0.75
#: A gradient misleads if it predicts a rise of the loss more than this many times the actual change.
EXPLODED = 100.0
#: An attack that works finds the planted example on nearly every image (Zimmermann et al. ask for 95%).
FOUND = 0.95


def no_gradient(probe: Probe) -> Flag | None:
    """Flag outputs that autograd cannot trace back to the images."""
    if probe.gradient:
        return None
    return Flag(
        "no gradient", "masked",
        "autograd finds no way from the outputs back to the images",
        "A detach(), a no_grad() or a step outside torch cuts it. Gradient attacks then stand still and prove nothing.",
        ATHALYE, "let gradients through, or attack with an approximation of that step's derivative (BPDA)",
    )  # fmt: skip


def zero_gradients(slope: Slope) -> Flag | None:
    """Flag gradients that are zero, or so small that float32 loses them."""
    dead = [size < VANISHED for size, finite in zip(slope.size, slope.finite, strict=True) if finite]
    if not dead or sum(dead) <= SHARE * len(dead):
        return None
    return Flag(
        "zero gradients", "masked",
        f"the gradient of cross-entropy is zero for {sum(dead)} of {len(dead)} images",
        "An attack that follows such a gradient does not move. Rounding, clipped or saturated outputs, and very large "
        "logits do this; none of them moves a decision boundary.",
        f"{PINTOR}; {ATHALYE}", "attack without that step or with BPDA; use a loss on logits (margin, DLR)",
    )  # fmt: skip


def exploding_gradients(slope: Slope) -> Flag | None:
    """Flag gradients that are not finite, or predict a far larger rise of the loss than the actual one."""
    lost = [not finite for finite in slope.finite]
    lying = [
        promise > 1 and promise > EXPLODED * abs(kept) for promise, kept in zip(slope.promised, slope.kept, strict=True)
    ]
    both = [one or other for one, other in zip(lost, lying, strict=True)]
    if sum(both) <= SHARE * len(both):
        return None
    return Flag(
        "exploding gradients", "masked",
        f"{sum(lost)} of {len(both)} gradients are not finite; {sum(lying)} predict a rise of the loss over "
        f"{EXPLODED:g} times the actual one",
        "Gradients that do not describe the loss lead attacks astray. Very deep or repeated computations do this.",
        ATHALYE, "attack with a smooth replacement of the steps that explode (BPDA)",
    )  # fmt: skip


def rising(slope: Slope) -> Flag | None:
    """Flag steps along the gradient that bring the attack no nearer to its goal."""
    alive = [index for index, size in enumerate(slope.size) if size >= VANISHED and slope.finite[index]]
    if not alive:
        return None
    first = sum(slope.rose[index] for index in alive) / len(alive)
    last = sum(slope.rose_at_last[index] for index in alive) / len(alive)
    if first >= RISING and last >= RISING:
        return None
    return Flag(
        "loss does not rise along the attack", "masked",
        f"the first step along the gradient narrows the margin of {percent(first)} of {len(alive)} images, all steps "
        f"that of {percent(last)}; a random direction would do so for about half",
        "The gradient does not say where the loss rises: it is shattered by rounding, noise or roughness.",
        f"{ATHALYE}; {PINTOR}", "attack a smooth version of the model, or average gradients over small noise (EOT)",
    )  # fmt: skip


def planted(found: list[bool]) -> Flag | None:
    """Flag PGD if it misses adversarial examples that are known to be in the ball."""
    if not found:
        return None
    share = Proportion(sum(found), len(found))
    if share.high >= FOUND:
        return None
    return Flag(
        "planted examples not found", "masked",
        f"with a last layer that plants an adversarial example in each ball, PGD found {share.count} of {share.n}",
        "An attack that misses what is certainly there proves nothing where it finds nothing.",
        ZIMMERMANN, "mend the attack until it finds them: BPDA, EOT, other steps",
    )  # fmt: skip
