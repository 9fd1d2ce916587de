"""Results that a build does not measure: figures that others published, and recordings of other runs of ours."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any


class UnknownName(KeyError):
    """A page names a number, figure, table, claim, output or source that does not exist."""

    def __init__(self, what: str, name: str, known: Iterable[str]) -> None:
        close = difflib.get_close_matches(name, list(known), n=3, cutoff=0.4)
        hint = f"; close to it: {', '.join(close)}" if close else ""
        super().__init__(f"unknown {what} {name!r}{hint}")

    def __str__(self) -> str:
        return str(self.args[0])


def descend(value: Any, steps: list[str], path: str) -> Any:
    """The value below `value` that these steps lead to. Raises UnknownName, naming what comes close."""
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


def published(file: Path, key: str) -> dict[str, Any]:
    """A figure of others, from an edition's file of them: value, n, threat model, citation key. Raises UnknownName."""
    known: dict[str, dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    if key not in known:
        raise UnknownName("published figure", key, known)
    return known[key]


def recorded(folder: Path, path: str) -> tuple[Any, dict[str, Any]]:
    """A value of another run ("benchmarks/figures/training/ratio"), and its file: date, machine, versions.

    Raises UnknownName.
    """
    name, *steps = path.split("/")
    if not (folder / f"{name}.json").is_file():
        raise UnknownName("recorded result", name, [file.stem for file in folder.glob("*.json")])
    content = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return descend(content, steps, path), content
