"""The laws that a page's source must obey: no number, picture or code block may be typed by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator

from advlab.engine.editions import Edition
from advlab.engine.pages.grammar import Breach
from advlab.engine.pages.typed_code import typed_code
from advlab.engine.pages.typed_numbers import typed_numbers


def breaches(source: str, edition: Edition) -> list[Breach]:
    """List all breaches of the laws in the source of a page, in order of lines.

    Args:
        source: the source before rendering, with or without front matter.
        edition: the edition of the page.
    """
    found = [
        *typed_code(source, edition.snippets),
        *typed_numbers(source, edition.identifiers),
        *_pictures(source),
        *_statements(source),
    ]
    return sorted(found, key=lambda breach: breach.line)


def _pictures(source: str) -> Iterator[Breach]:
    for number, line in enumerate(source.splitlines(), start=1):
        if re.search(r"(?i)(?<!\\)!\[|<(img|svg|picture|object|embed|canvas|iframe|video)\b", line):
            yield Breach(number, "a picture is typed: use << figure(...) >>", line.strip())


def _statements(source: str) -> Iterator[Breach]:
    for number, line in enumerate(source.splitlines(), start=1):
        if "<%" in line:
            yield Breach(number, "pages have no statements: what needs a loop is a table of its chapter", line.strip())
