"""The defenses side by side, in the order of figure and table."""

from __future__ import annotations

from typing import Any

from advlab.chapters.preprocessing.defenses import NAMES

Result = dict[str, Any]


def by_name(*results: Result) -> dict[str, Result]:
    """Results of the defenses' measurements, given in the order of `NAMES`, by their names."""
    return dict(zip(NAMES, results, strict=True))
