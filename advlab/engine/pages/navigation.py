"""The pages of the navigation, read from mkdocs.yml without MkDocs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from advlab.engine.editions import Edition


class _Tolerant(yaml.SafeLoader):
    """YAML loader for mkdocs.yml that reads unknown tags as None; only MkDocs understands `!ENV`."""


_Tolerant.add_multi_constructor("!", lambda loader, suffix, node: None)


@dataclass(frozen=True)
class Entry:
    """A page of the navigation: its section ("" at the top level), its title and its file in docs/."""

    section: str
    title: str
    file: str


@cache
def navigation(edition: Edition) -> tuple[Entry, ...]:
    """Return the pages of the navigation in order.

    Raises:
        OSError: mkdocs.yml cannot be read.
        KeyError: mkdocs.yml has no `nav`.
    """
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
    """Return the title of a page: its first heading, or its file name if it has none.

    Args:
        edition: the edition of the page.
        page: file of the page in docs/, optionally with "#section".

    Raises:
        OSError: the page cannot be read.
    """
    file, _, _ = page.partition("#")
    heading = re.search(r"(?m)^# (.+)$", (edition.docs / file).read_text(encoding="utf-8"))
    return heading[1] if heading else file
