"""Accuracies as text, for tables and captions of several pages."""

from __future__ import annotations

from typing import Any


def percent(share: float) -> str:
    """A share as per cent, with one decimal."""
    return f"{100 * share:.1f}%"


def with_interval(accuracy: dict[str, Any]) -> str:
    """An accuracy and its 95% interval, without a line break between them."""
    text = f"{percent(accuracy['value'])} ({100 * accuracy['low']:.1f} to {100 * accuracy['high']:.1f})"
    return text.replace(" ", "&nbsp;")


def stacked(accuracy: dict[str, Any]) -> str:
    """An accuracy with its 95% interval below it, for tables of many columns."""
    interval = f"{100 * accuracy['low']:.1f} to {100 * accuracy['high']:.1f}".replace(" ", "&nbsp;")
    return f"{percent(accuracy['value'])}<br><small>{interval}</small>"
