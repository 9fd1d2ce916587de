"""Progress reports of long computations to a listener, if the caller has set one.

Only the build knows whether there is a terminal. Without a listener, a report costs one comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Listener = Callable[[float, str], None]
_listener: Listener | None = None


def report(done: float, total: float, doing: str = "") -> None:
    """Report the progress of the current computation to the listener, if there is one.

    Args:
        done: number of finished steps.
        total: number of all steps.
        doing: what is being done, in words.
    """
    if _listener is not None:
        _listener(done / total if total else 1.0, doing)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Pass the reports made in this block to `listener(fraction, doing)`; blocks can be nested."""
    global _listener
    before, _listener = _listener, listener
    try:
        yield
    finally:
        _listener = before
