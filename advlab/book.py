"""What a build found, as pages read it: results by name, with key, n and interval. Computes nothing."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advlab.source import PACKAGE
from advlab.store import Entry, Store


class UnknownName(KeyError):
    """A page names a number, figure, table, claim, output or source that does not exist."""

    def __init__(self, what: str, name: str, known: Iterable[str]) -> None:
        close = difflib.get_close_matches(name, list(known), n=3, cutoff=0.4)
        hint = f"; close to it: {', '.join(close)}" if close else ""
        super().__init__(f"unknown {what} {name!r}{hint}")

    def __str__(self) -> str:
        return str(self.args[0])


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

    def __init__(self, content: dict[str, Any], store: Store) -> None:
        self.content = content
        self.store = store
        self._results: dict[str, Any] = {}

    @classmethod
    def load(cls, path: Path, store: Store) -> Book:
        """Read a book. Raises FileNotFoundError when the profile was never built."""
        return cls(json.loads(path.read_text(encoding="utf-8")), store)

    @property
    def profile(self) -> dict[str, Any]:
        found: dict[str, Any] = self.content["profile"]
        return found

    @property
    def draft(self) -> bool:
        return bool(self.profile["name"] == "draft")

    def one(self, kind: str, name: str) -> dict[str, Any]:
        """What the book says of a figure, table, claim, output or measurement. Raises UnknownName."""
        known: dict[str, dict[str, Any]] = self.content.get(f"{kind}s", {})
        if name not in known:
            raise UnknownName(kind, name, known)
        return known[name]

    def entry(self, kind: str, name: str) -> Entry:
        """The stored entry, verified. Raises FileNotFoundError when it is gone or damaged."""
        found = self.store.read(kind, name, self.one(kind, name)["key"])
        if found is None:
            raise FileNotFoundError(f"{name} is no longer in the store; run `advlab build` again")
        return found

    def complete(self) -> bool:
        """Whether every entry that the book refers to is in the store, whole."""
        kinds = ("model", "measurement", "output", "notebook", "figure", "slider")
        return all(
            self.store.read(kind, name, one["key"]) is not None
            for kind in kinds
            for name, one in self.content.get(f"{kind}s", {}).items()
        )

    def result(self, name: str) -> Any:
        if name not in self._results:
            self._results[name] = self.entry("measurement", name).json()
        return self._results[name]

    def number(self, path: str) -> Number:
        """The value at "chapter:measurement/step/step"; a leaf with "value" (an accuracy) stands for that value."""
        name, *steps = path.split("/")
        leaf = _descend(self.result(name), steps, path)
        value = leaf["value"] if isinstance(leaf, dict) and "value" in leaf else leaf
        if isinstance(value, dict | list):
            raise UnknownName("number", path, [f"{path}/{step}" for step in value] if isinstance(value, dict) else [])
        return Number(value, leaf, name, self.one("measurement", name)["key"])


def _descend(value: Any, steps: list[str], path: str) -> Any:
    for position, step in enumerate(steps):
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.lstrip("-").isdigit() and -len(value) <= int(step) < len(value):
            value = value[int(step)]
        else:
            known = value if isinstance(value, dict) else []
            before = "/".join([path.partition("/")[0], *steps[:position]])
            raise UnknownName("number", path, [f"{before}/{other}" for other in known])
    return value


def slug(name: str) -> str:
    """A name as an anchor and a file: "fgsm:epsilon_table" -> "fgsm.epsilon_table"."""
    return name.replace(":", ".").replace("/", "-")


def shown(value: Any, form: str) -> str:
    """A value as text. `form`: "%" (one decimal; "%0", "%2" for others), "d" (thousands), "s", or Python's."""
    if form.startswith("%"):
        return f"{100 * value:.{int(form[1:] or 1)}f}%"
    if form == "d":
        return f"{value:,.0f}"
    if form == "s":
        return str(value)
    return format(value, form)


def _file(name: str) -> dict[str, Any]:
    path = PACKAGE / name
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return content


def published(key: str) -> dict[str, Any]:
    """A figure of others, from `published.json`: value, n, threat model, citation key. Raises UnknownName."""
    known = _file("published.json")
    if key not in known:
        raise UnknownName("published figure", key, known)
    found: dict[str, Any] = known[key]
    return found


def recorded(path: str) -> tuple[Any, dict[str, Any]]:
    """A value not of this build ("benchmarks/training/ratio") and its file: date, machine, versions."""
    name, *steps = path.split("/")
    if not (PACKAGE / "recorded" / f"{name}.json").is_file():
        raise UnknownName("recorded result", name, [p.stem for p in (PACKAGE / "recorded").glob("*.json")])
    content = _file(f"recorded/{name}.json")
    return _descend(content, steps, path), content
