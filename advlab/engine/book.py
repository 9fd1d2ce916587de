"""The book: the results of a build as pages read them, by name, with key, n and interval. It computes nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advlab.engine.cache.kinds import KINDS
from advlab.engine.cache.store import Entry, Store
from advlab.engine.editions import Edition
from advlab.engine.external_results import UnknownName, descend


@dataclass(frozen=True)
class Number:
    """A value from a result, with the measurement that it comes from.

    Args:
        value: the value to show.
        leaf: the part of the result that holds it: the value itself, or a dict with "value", "n", "low" and "high".
        measurement: name of the measurement.
        key: key of the measurement in the store.
    """

    value: Any
    leaf: Any
    measurement: str
    key: str

    @property
    def hover(self) -> str:
        """The tooltip of the number: measurement, n, interval and key in the store."""
        parts = [self.measurement]
        if isinstance(self.leaf, dict):
            if "n" in self.leaf:
                parts.append(f"n = {self.leaf['n']:,}")
            if "low" in self.leaf:
                parts.append(f"95% interval {100 * self.leaf['low']:.2f} to {100 * self.leaf['high']:.2f}%")
        parts.append(f"key {self.key[:12]}")
        return " · ".join(parts)


class Book:
    """The results of one build of one profile.

    Args:
        content: the file that a build writes, as parsed JSON.
        store: the store that holds the results.
        edition: the edition that the book belongs to.
    """

    def __init__(self, content: dict[str, Any], store: Store, edition: Edition) -> None:
        self.content = content
        self.edition = edition
        self.store = store
        self._results: dict[str, Any] = {}

    @classmethod
    def load(cls, path: Path, store: Store, edition: Edition) -> Book:
        """Read the file of a book.

        Args:
            path: the file, as for `store.book_path`.
            store: the store that holds the results.
            edition: the edition that the book belongs to.

        Raises:
            FileNotFoundError: the profile has not been built.
            ValueError: the file is not JSON.
        """
        return cls(json.loads(path.read_text(encoding="utf-8")), store, edition)

    @property
    def profile(self) -> dict[str, Any]:
        """Name and sizes of the profile."""
        found: dict[str, Any] = self.content["profile"]
        return found

    @property
    def draft(self) -> bool:
        """Whether the book was built with the draft profile."""
        return bool(self.profile["name"] == "draft")

    def item(self, kind: str, name: str) -> dict[str, Any]:
        """Return the book's record of a figure, slider, table, claim, fragment, output or measurement.

        Raises:
            UnknownName: the book has no such record.
        """
        known: dict[str, dict[str, Any]] = self.content.get(f"{kind}s", {})
        if name not in known:
            raise UnknownName(kind, name, known)
        return known[name]

    def entry(self, kind: str, name: str) -> Entry:
        """Return the stored entry after verifying it.

        Raises:
            UnknownName: the book has no such record.
            FileNotFoundError: the entry is missing or damaged.
        """
        found = self.store.read(kind, name, self.item(kind, name)["key"])
        if found is None:
            raise FileNotFoundError(f"{name} is no longer in the store; run `advlab build` again")
        return found

    def complete(self) -> bool:
        """Return whether the store holds every entry of the book, undamaged."""
        return all(
            self.store.read(kind, name, one["key"]) is not None
            for kind in KINDS
            for name, one in self.content.get(f"{kind}s", {}).items()
        )

    def result(self, name: str) -> Any:
        """Return the result of a measurement; it is read from the store once.

        Raises:
            UnknownName: the book has no such measurement.
            FileNotFoundError: its entry is missing or damaged.
        """
        if name not in self._results:
            self._results[name] = self.entry("measurement", name).json()
        return self._results[name]

    def number(self, path: str) -> Number:
        """Return the value at "chapter:measurement/step/step"; of a leaf with a "value" (an accuracy), that value.

        Raises:
            UnknownName: the path leads nowhere, or to more than one value.
            FileNotFoundError: the entry of the measurement is missing or damaged.
        """
        name, *steps = path.split("/")
        leaf = descend(self.result(name), steps, path)
        value = leaf["value"] if isinstance(leaf, dict) and "value" in leaf else leaf
        if isinstance(value, dict | list):
            raise UnknownName("number", path, [f"{path}/{step}" for step in value] if isinstance(value, dict) else [])
        return Number(value, leaf, name, self.item("measurement", name)["key"])


def slug(name: str) -> str:
    """Convert a name to an anchor and file name: "fgsm:epsilon_table" -> "fgsm.epsilon_table"."""
    return name.replace(":", ".").replace("/", "-")


def format_value(value: Any, form: str) -> str:
    """Format a value as text.

    Args:
        value: the value.
        form: "%" for a percentage with one decimal ("%0" or "%2" for another number), "d" for an integer with
            thousands separators, "s" for `str`, or a format specification of Python.

    Raises:
        ValueError, TypeError: the form does not fit the value.
    """
    if form.startswith("%"):
        return f"{100 * value:.{int(form[1:] or 1)}f}%"
    if form == "d":
        return f"{value:,.0f}"
    if form == "s":
        return str(value)
    return format(value, form)
