"""Results that the build does not measure: figures published by others, and recordings of our own separate runs."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any


class UnknownName(KeyError):
    """A page names a number, figure, table, claim, output or source that does not exist.

    Args:
        what: the kind of thing, for the message.
        name: the name that the page uses.
        known: existing names, of which the message suggests the closest.
    """

    def __init__(self, what: str, name: str, known: Iterable[str]) -> None:
        close = difflib.get_close_matches(name, list(known), n=3, cutoff=0.4)
        hint = f"; close to it: {', '.join(close)}" if close else ""
        super().__init__(f"unknown {what} {name!r}{hint}")

    def __str__(self) -> str:
        return str(self.args[0])


def descend(value: Any, steps: list[str], path: str) -> Any:
    """Return the value that the steps lead to.

    Args:
        value: nested dicts and lists.
        steps: keys and indices, from the outside in.
        path: the whole path, for the message.

    Raises:
        UnknownName: the steps lead nowhere; the message suggests close names.
    """
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
    """Return a published figure: value, n, threat model and citation key.

    Args:
        file: the edition's file of published figures.
        key: key of the figure.

    Raises:
        UnknownName: the file has no such key.
    """
    known: dict[str, dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    if key not in known:
        raise UnknownName("published figure", key, known)
    return known[key]


def recorded(folder: Path, path: str) -> tuple[Any, dict[str, Any]]:
    """Return a recorded value, and the content of its file: date, machine, versions.

    Args:
        folder: folder of the recordings.
        path: name of the file and steps within it: "benchmarks/figures/training/ratio".

    Raises:
        UnknownName: there is no such file, or no such value in it.
    """
    name, *steps = path.split("/")
    if not (folder / f"{name}.json").is_file():
        raise UnknownName("recorded result", name, [file.stem for file in folder.glob("*.json")])
    content = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return descend(content, steps, path), content
