"""What a build found, as pages read it: results by name, with key, n and interval. Computes nothing."""

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
    """A value of a result, with the measurement that it comes from."""

    value: Any
    leaf: Any
    measurement: str
    key: str

    @property
    def hover(self) -> str:
        """What a reader learns on hovering: measurement, n, interval, key of the store."""
        parts = [self.measurement]
        if isinstance(self.leaf, dict):
            if "n" in self.leaf:
                parts.append(f"n = {self.leaf['n']:,}")
            if "low" in self.leaf:
                parts.append(f"95% interval {100 * self.leaf['low']:.2f} to {100 * self.leaf['high']:.2f}%")
        parts.append(f"key {self.key[:12]}")
        return " · ".join(parts)


class Book:
    """The results of one build of one profile."""

    def __init__(self, content: dict[str, Any], store: Store, edition: Edition) -> None:
        self.content = content
        self.edition = edition
        self.store = store
        self._results: dict[str, Any] = {}

    @classmethod
    def load(cls, path: Path, store: Store, edition: Edition) -> Book:
        """Read a book. Raises FileNotFoundError when the profile was never built."""
        return cls(json.loads(path.read_text(encoding="utf-8")), store, edition)

    @property
    def profile(self) -> dict[str, Any]:
        found: dict[str, Any] = self.content["profile"]
        return found

    @property
    def draft(self) -> bool:
        return bool(self.profile["name"] == "draft")

    def item(self, kind: str, name: str) -> dict[str, Any]:
        """What the book says of a figure, table, claim, fragment, output or measurement. Raises UnknownName."""
        known: dict[str, dict[str, Any]] = self.content.get(f"{kind}s", {})
        if name not in known:
            raise UnknownName(kind, name, known)
        return known[name]

    def entry(self, kind: str, name: str) -> Entry:
        """The stored entry, verified. Raises FileNotFoundError when it is gone or damaged."""
        found = self.store.read(kind, name, self.item(kind, name)["key"])
        if found is None:
            raise FileNotFoundError(f"{name} is no longer in the store; run `advlab build` again")
        return found

    def complete(self) -> bool:
        """Whether every entry that the book refers to is in the store, whole."""
        return all(
            self.store.read(kind, name, one["key"]) is not None
            for kind in KINDS
            for name, one in self.content.get(f"{kind}s", {}).items()
        )

    def result(self, name: str) -> Any:
        if name not in self._results:
            self._results[name] = self.entry("measurement", name).json()
        return self._results[name]

    def number(self, path: str) -> Number:
        """The value at "chapter:measurement/step/step"; a leaf with "value" (an accuracy) stands for that value."""
        name, *steps = path.split("/")
        leaf = descend(self.result(name), steps, path)
        value = leaf["value"] if isinstance(leaf, dict) and "value" in leaf else leaf
        if isinstance(value, dict | list):
            raise UnknownName("number", path, [f"{path}/{step}" for step in value] if isinstance(value, dict) else [])
        return Number(value, leaf, name, self.item("measurement", name)["key"])


def slug(name: str) -> str:
    """A name as an anchor and a file: "fgsm:epsilon_table" -> "fgsm.epsilon_table"."""
    return name.replace(":", ".").replace("/", "-")


def format_value(value: Any, form: str) -> str:
    """A value as text. `form`: "%" (one decimal; "%0", "%2" for others), "d" (thousands), "s", or Python's."""
    if form.startswith("%"):
        return f"{100 * value:.{int(form[1:] or 1)}f}%"
    if form == "d":
        return f"{value:,.0f}"
    if form == "s":
        return str(value)
    return format(value, form)
