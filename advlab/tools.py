"""The tools of others and what to read: one data file, shown as tables and a list on one page."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).with_name("tools.yml")
TOOL = {"name", "url", "use", "state"}


def load(path: Path = FILE) -> dict[str, Any]:
    """Read and check the file.

    Raises:
        ValueError: a tool lacks a field or has an unknown one, a library of the table of names is none of those named,
            or one of our names stands twice.
    """
    content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    for one in content["tools"]:
        if not TOOL <= one.keys() <= TOOL | {"cite"}:
            raise ValueError(f"tools: {one.get('name', one)!r} needs {', '.join(sorted(TOOL))}, and may have cite")
    seen: set[str] = set()
    for row in content["names"]:
        if unknown := row.keys() - {"ours", *content["libraries"]}:
            raise ValueError(f"tools: {row['ours']!r} names {', '.join(sorted(unknown))}, which is no column")
        if row["ours"] in seen:
            raise ValueError(f"tools: {row['ours']!r} stands twice")
        seen.add(row["ours"])
    return content


def peers(cite: Callable[[str], str]) -> str:
    """Each tool: what it is for, and its state on the day that the file names. Markdown."""
    content = _content()
    rows = []
    for one in content["tools"]:
        paper = f" ({cite(one['cite'])})" if "cite" in one else ""
        rows.append(f"| [{one['name']}]({one['url']}){paper} | {one['use']} | {one['state']} |")
    table = "\n".join(["| Tool | What it is for | State |", "| :-- | :-- | :-- |", *rows])
    seen = f'<p class="caption">Seen on {content["seen"]}, in the repositories.</p>'
    return f'<div class="result wordy" markdown="1">\n\n{table}\n\n{seen}\n\n</div>'


def names() -> str:
    """Our names beside those of others. Markdown."""
    content = _content()
    libraries = content["libraries"]
    head = ["| here | " + " | ".join(libraries) + " |", "| :-- " * (len(libraries) + 1) + "|"]
    rows = [
        "| "
        + " | ".join([f"`{row['ours'].rpartition('.')[2]}`", *(_code(row.get(one, "")) for one in libraries)])
        + " |"
        for row in content["names"]
    ]
    return '<div class="result" markdown="1">\n\n' + "\n".join([*head, *rows]) + "\n\n</div>"


def reading(cite: Callable[[str], str]) -> str:
    """The papers in reading order, numbered through. Markdown."""
    lines: list[str] = []
    number = 0
    for group in _content()["reading"]:
        lines += ["", f"**{escape(group['about'])}**", ""]
        for work in group["works"]:
            number += 1
            lines.append(f"{number}. {cite(work['cite'])}. {work['why']}")
    return "\n".join(lines)


def _code(name: str) -> str:
    return f"`{name}`" if name else "–"


@cache
def _content() -> dict[str, Any]:
    return load()
