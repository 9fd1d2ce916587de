"""The programs that pages show: find them, split them into sections, run them."""

from __future__ import annotations

import contextlib
import io
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from advlab.engine.editions import Edition

_MARK = re.compile(r"^\s*#\s*--8<--\s*\[(start|end):\s*([\w-]+)\]\s*$")


def names(edition: Edition) -> list[str]:
    """List the programs that run for their output ("fgsm/attack.py"), without the notebook, which runs in Jupyter."""
    folder = edition.snippets
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*.py"))
    return sorted(name for name in found if name != edition.notebook)


def sections(text: str) -> list[str]:
    """Return the names of a program's sections, in order.

    Raises:
        ValueError: a section mark is malformed, or a section lacks its start or end or starts twice.
    """
    opened: list[str] = []
    closed: set[str] = set()
    for number, line in enumerate(text.splitlines(), start=1):
        mark = _MARK.match(line)
        if not mark:
            if "--8<--" in line:
                raise ValueError(f"line {number}: {line.strip()!r} is no section mark that the site understands")
            continue
        kind, name = mark.groups()
        if kind == "start":
            if name in opened:
                raise ValueError(f"line {number}: section {name!r} starts twice")
            opened.append(name)
        elif name not in opened or name in closed:
            raise ValueError(f"line {number}: section {name!r} ends but is not open")
        else:
            closed.add(name)
    if set(opened) != closed:
        raise ValueError(f"sections without an end: {', '.join(sorted(set(opened) - closed))}")
    return opened


def _segments(text: str) -> Iterator[tuple[frozenset[str], str]]:
    """Split the program at its section marks into (open sections, code); blank lines keep the code's line numbers."""
    sections(text)
    lines = text.splitlines()
    opened: set[str] = set()
    start = 0
    for number, line in enumerate([*lines, None]):
        mark = _MARK.match(line) if line is not None else None
        if line is None or mark:
            code = "\n".join(lines[start:number])
            yield frozenset(opened), "\n" * start + code
            start = number + 1
        if mark and mark.group(1) == "start":
            opened.add(mark.group(2))
        elif mark:
            opened.discard(mark.group(2))


def run(text: str, name: str) -> dict[str, str]:
    """Run a program in an empty temporary folder and return what it prints, by section ("" for all of it).

    Args:
        text: the program.
        name: file name in tracebacks and messages.

    Raises:
        ValueError: the section marks are broken.
        RuntimeError: the program calls `sys.exit`.
        Exception: whatever the program raises.
    """
    printed: dict[str, str] = {"": "", **dict.fromkeys(sections(text), "")}
    namespace: dict[str, Any] = {"__name__": "__main__"}
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            for opened, code in _segments(text):
                output = io.StringIO()
                with contextlib.redirect_stdout(output):
                    exec(compile(code, name, "exec", dont_inherit=True), namespace)
                for section in ("", *opened):
                    printed[section] += output.getvalue()
        except SystemExit as end:  # it would end the build without saying where
            raise RuntimeError(f"{name} ends the process that runs it: {end}") from end
        finally:
            os.chdir(before)
    return printed
