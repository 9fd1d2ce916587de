"""The models of the page in one order, with one name and one colour each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from advlab.chapters.adversarial_training import longest, random_single, several, single, trades
from advlab.chapters.shared import style
from advlab.chapters.tradeoff.measure import distilled, proved, standard

Result = dict[str, Any]
#: The measurements that figures, tables and claims of this page take, in this order.
MEASURED = (standard, distilled, single, random_single, several, trades, longest, proved)
NAMES = (
    "standard",
    "distilled",
    "trained on FGSM",
    "one step, random start",
    "PGD, three steps",
    "TRADES",
    "PGD, deeper",
    "intervals",
)


@dataclass(frozen=True)
class Model:
    """One row: name, colour, result."""

    name: str
    role: style.Role
    result: Result


def models(results: tuple[Result, ...]) -> list[Model]:
    """The rows, in order."""
    roles = (style.MODELS[name] for name in NAMES)
    return [Model(*row) for row in zip(NAMES, roles, results, strict=True)]
