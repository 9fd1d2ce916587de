"""What a check reports, and how two attacks are compared.

The checks are written from the papers: Carlini et al. 2019 (1902.06705), Athalye, Carlini, Wagner 2018 (1802.00420),
Pintor et al. 2022 (2106.09947), Zimmermann et al. 2022 (2206.13991).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch

from advlab.evaluation import paired

#: "note": the result stands. "masked": it may be far too high. "setup": another model was measured than the one meant.
Severity = Literal["note", "masked", "setup"]
#: A difference between two attacks is no chance below this probability.
SIGNIFICANT = 0.01

#: Of images, the share that may show a sign before it counts (Pintor et al. average their indicators over images).
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
    """A sign, in words: what was seen, why it matters and who says so, what to do."""

    name: str
    severity: Severity
    seen: str
    why: str
    source: str
    do: str


def percent(share: float) -> str:
    """A share as pages and reports print it."""
    return f"{100 * share:.1f}%"


def beats(one: Sequence[bool], other: Sequence[bool]) -> tuple[int, int, float]:
    """How many images only the first attack broke, how many only the second, and McNemar's exact probability.

    Both are lists of what the attacks left right, of the same images in the same order.
    """
    test = paired(torch.tensor(one), torch.tensor(other))
    return test["only_second"], test["only_first"], test["p"]


def stronger(one: Sequence[bool], other: Sequence[bool]) -> str | None:
    """What to say where the first attack is stronger, and not by chance."""
    ours, theirs, probability = beats(one, other)
    if ours <= theirs or probability >= SIGNIFICANT:
        return None
    return f"broke {ours} of {len(one)} images that the other did not, and missed {theirs} (p = {probability:.1g})"
