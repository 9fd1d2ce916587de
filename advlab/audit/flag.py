"""The report of a check, and the comparison of two attacks.

The checks are written from the papers: Carlini et al. 2019 (1902.06705), Athalye, Carlini, Wagner 2018 (1802.00420),
Pintor et al. 2022 (2106.09947), Zimmermann et al. 2022 (2206.13991).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch

from advlab.evaluation import paired

#: "note": the result stands. "masked": it may be far too high. "setup": the measured model is not the one meant.
Severity = Literal["note", "masked", "setup"]
#: A difference between two attacks counts if McNemar's p is below this.
SIGNIFICANT = 0.01

#: Fraction of images that may show a sign before it counts (Pintor et al. average their indicators over images).
SHARE = 0.05

ATHALYE = "Athalye, Carlini, Wagner 2018, arXiv 1802.00420"
CARLINI = "Carlini et al. 2019, arXiv 1902.06705"
PINTOR = "Pintor et al. 2022, arXiv 2106.09947"
DISTILLATION = "Carlini, Wagner 2017, arXiv 1608.04644"
ZIMMERMANN = "Zimmermann et al. 2022, arXiv 2206.13991"
PAPERNOT = "Papernot et al. 2017, arXiv 1602.02697"
CROCE = "Croce, Hein 2020, arXiv 2003.01690"


@dataclass(frozen=True)
class Flag:
    """A sign that an evaluation may be wrong, in words.

    Args:
        name: a short name of the sign.
        severity: "note", "masked" or "setup"; see `Severity`.
        seen: what was seen, with its numbers.
        why: why it matters.
        source: the papers that say so.
        do: what to do about it.

    Source: advlab's own form; each flag names its papers.
    """

    name: str
    severity: Severity
    seen: str
    why: str
    source: str
    do: str


def percent(share: float) -> str:
    """A proportion in [0, 1] as pages and reports print it."""
    return f"{100 * share:.1f}%"


def beats(one: Sequence[bool], other: Sequence[bool]) -> tuple[int, int, float]:
    """Number of images that only the first attack broke, number that only the second broke, and McNemar's exact p.

    Args:
        one: for each image, True where the first attack left it classified correctly.
        other: the same for the second attack, on the same images in the same order.

    Raises:
        ValueError: the numbers of verdicts differ.

    Source: McNemar 1947, in the exact form of `advlab.evaluation.paired`.
    """
    test = paired(torch.tensor(one), torch.tensor(other))
    return test["only_second"], test["only_first"], test["p"]


def stronger(one: Sequence[bool], other: Sequence[bool]) -> str | None:
    """Sentence on how the first attack is stronger; None where it is not, or where that may be chance.

    Args:
        one: for each image, True where the first attack left it classified correctly.
        other: the same for the second attack, on the same images in the same order.

    Raises:
        ValueError: the numbers of verdicts differ.

    Source: McNemar 1947, in the exact form of `advlab.evaluation.paired`.
    """
    ours, theirs, probability = beats(one, other)
    if ours <= theirs or probability >= SIGNIFICANT:
        return None
    return f"broke {ours} of {len(one)} images that the other did not, and missed {theirs} (p = {probability:.1g})"
