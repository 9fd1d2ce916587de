"""The kinds of results that the store keeps, and the words for them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """A kind of result: what is being done while one is made, what was done then, seconds where none are known."""

    name: str
    doing: str
    done: str
    seconds: float
    #: Drawn in two colour schemes, of results of others.
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
