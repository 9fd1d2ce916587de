"""Losses that attacks raise: one number for each image, above which another class wins. None averages over the batch.

Untargeted without `targets`; with them, a larger value means nearer to the target.
"""

from typing import Protocol, runtime_checkable

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor


@runtime_checkable
class Loss(Protocol):
    """A loss for each image, to be raised by the attacker."""

    def __call__(self, logits: Tensor, labels: Tensor, targets: Tensor | None = None) -> Tensor: ...


def cross_entropy(
    logits: Float[Tensor, "batch classes"], labels: Int[Tensor, " batch"], targets: Int[Tensor, " batch"] | None = None
) -> Float[Tensor, " batch"]:
    """Cross-entropy of the label, which training lowers; with targets, minus the cross-entropy of the target.

    Its gradient vanishes where the network is certain (Carlini, Wagner 2017).

    Args:
        logits: `[batch, classes]`.
        labels: `[batch]`, the true classes.
        targets: `[batch]`, the classes to reach; None for the untargeted form.

    Returns:
        `[batch]`, one loss for each image; 0 or more untargeted, 0 or less with targets.

    Source: Goodfellow, Shlens, Szegedy 2015 (arXiv 1412.6572).
    """
    if targets is None:
        return F.cross_entropy(logits, labels, reduction="none")
    return -F.cross_entropy(logits, targets, reduction="none")


def margin(
    logits: Float[Tensor, "batch classes"], labels: Int[Tensor, " batch"], targets: Int[Tensor, " batch"] | None = None
) -> Float[Tensor, " batch"]:
    """The lead of the best wrong class over the true one; with targets, the target's lead over the best other class.

    Above 0 the attack has succeeded. This is loss f6 of the paper with its sign changed and without its floor.

    Args:
        logits: `[batch, classes]`.
        labels: `[batch]`, the true classes.
        targets: `[batch]`, the classes to reach; None for the untargeted form.

    Returns:
        `[batch]`, in units of a logit.

    Source: Carlini, Wagner 2017 (arXiv 1608.04644), section V-A.
    """
    if targets is None:
        return _best_other(logits, labels) - _of_class(logits, labels)
    return _of_class(logits, targets) - _best_other(logits, targets)


def dlr(
    logits: Float[Tensor, "batch classes"], labels: Int[Tensor, " batch"], targets: Int[Tensor, " batch"] | None = None
) -> Float[Tensor, " batch"]:
    """The difference of logits ratio: a margin that neither shifting nor scaling the logits changes.

    Args:
        logits: `[batch, classes]`.
        labels: `[batch]`, the true classes.
        targets: `[batch]`, the classes to reach; None for the untargeted form.

    Returns:
        `[batch]`; above 0 in the untargeted form where the attack has succeeded.

    Raises:
        ValueError: fewer than 3 classes, or fewer than 4 with targets: the denominator needs them.

    Source: Croce, Hein 2020 (arXiv 2003.01690), equation 6; with targets, equation 7.
    """
    needed = 3 if targets is None else 4
    if logits.shape[1] < needed:
        kind = "DLR" if targets is None else "targeted DLR"
        raise ValueError(f"the {kind} loss needs at least {needed} classes, not {logits.shape[1]}: use margin")
    ranked = logits.sort(dim=1, descending=True).values
    if targets is None:
        return margin(logits, labels) / (ranked[:, 0] - ranked[:, 2]).clamp_min(TINY)
    scale = ranked[:, 0] - (ranked[:, 2] + ranked[:, 3]) / 2
    return (_of_class(logits, targets) - _of_class(logits, labels)) / scale.clamp_min(TINY)


def broken(
    logits: Float[Tensor, "batch classes"], labels: Int[Tensor, " batch"], targets: Int[Tensor, " batch"] | None = None
) -> Bool[Tensor, " batch"]:
    """Mask of images on which the attack succeeds: classified wrongly, or with targets, classified as the target.

    Args:
        logits: `[batch, classes]`.
        labels: `[batch]`, the true classes.
        targets: `[batch]`, the classes to reach; None for the untargeted form.

    Source: advlab's own: the definition of success that all attacks here share.
    """
    answers = logits.argmax(1)
    return answers != labels if targets is None else answers == targets


#: Keeps a ratio of equal logits finite.
TINY = 1e-12


def _of_class(logits: Tensor, classes: Tensor) -> Tensor:
    return logits.gather(1, classes[:, None]).squeeze(1)


def _best_other(logits: Tensor, classes: Tensor) -> Tensor:
    """The largest logit of any other class."""
    own = torch.nn.functional.one_hot(classes, logits.shape[1]).bool()
    return logits.masked_fill(own, -torch.inf).amax(1)
