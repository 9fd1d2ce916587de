"""The pages of the navigation, from mkdocs.yml: known before MkDocs runs, and without it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from advlab.engine.editions import Edition


class _Tolerant(yaml.SafeLoader):
    """Reads mkdocs.yml, whose `!ENV` only MkDocs understands."""


_Tolerant.add_multi_constructor("!", lambda loader, suffix, node: None)


@dataclass(frozen=True)
class Entry:
    """A page of the navigation: the section that it stands in ("" at the top), its title, its file."""

    section: str
    title: str
    file: str


@cache
def navigation(edition: Edition) -> tuple[Entry, ...]:
    """The pages of the navigation in order."""
    found: list[Entry] = []

    def walk(items: list[dict[str, Any]], section: str) -> None:
        for item in items:
            ((title, value),) = item.items()
            if isinstance(value, list):
                walk(value, title)
            else:
                found.append(Entry(section, title, value))

    walk(yaml.load(edition.configuration.read_text(encoding="utf-8"), _Tolerant)["nav"], "")
    return tuple(found)


def page_title(edition: Edition, page: str) -> str:
    """The title of a page, from its own first heading; `page` may lead to one of its sections. From docs/."""
    file, _, _ = page.partition("#")
    heading = re.search(r"(?m)^# (.+)$", (edition.docs / file).read_text(encoding="utf-8"))
    return heading[1] if heading else file
