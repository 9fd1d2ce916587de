"""How far a long computation is: it reports, and whoever runs it may listen.

Nothing below the build knows whether there is a terminal. Without a listener a report costs a comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Listener = Callable[[float, str], None]
_listener: Listener | None = None


def report(done: float, total: float, doing: str = "") -> None:
    """Say that `done` of `total` steps of the present computation are finished."""
    if _listener is not None:
        _listener(done / total if total else 1.0, doing)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Send the reports made in this block to `listener(share, doing)`; blocks nest."""
    global _listener
    before, _listener = _listener, listener
    try:
        yield
    finally:
        _listener = before
