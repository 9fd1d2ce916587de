"""Published figures of others, from the book's file of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from advlab.engine import external_results

FILE = Path(__file__).parents[1] / "published.json"


def published(key: str) -> dict[str, Any]:
    """A published figure of others: value, n, threat model, citation key. Raises UnknownName."""
    return external_results.published(FILE, key)
