"""The kinds of results that the store keeps, and the words that describe them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """A kind of result.

    Args:
        name: name of the kind in the store.
        doing: verb shown while such a result is computed ("training").
        done: verb shown afterwards ("trained").
        seconds: estimated computing time if the store has none on record.
        is_picture: whether it is drawn from other results, once for each of the two colour schemes.
    """

    name: str
    doing: str
    done: str
    seconds: float
    is_picture: bool = False


KINDS = {
    kind.name: kind
    for kind in (
        Kind("model", "training", "trained", 90.0),
        Kind("measurement", "measuring", "measured", 15.0),
        Kind("output", "running", "run", 5.0),
        Kind("notebook", "executing", "executed", 30.0),
        Kind("figure", "drawing", "drawn", 2.0, is_picture=True),
        Kind("slider", "drawing", "drawn", 10.0, is_picture=True),
    )
}
