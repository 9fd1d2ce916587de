"""The syntax of page sources: Jinja with its own delimiters, includes, and the languages of fenced blocks."""

from __future__ import annotations

import re
from dataclasses import dataclass

import jinja2

#: Languages of fences, and extensions of files they may include; python may also show a package, text is generated.
FENCES = {"python": (".py",), "bash": (".sh",), "yaml": (".yml", ".yaml"), "toml": (".toml",), "text": ()}

INCLUDE = re.compile(r'^--8<-- "([\w./-]+?)(?::([\w-]+))?"$')
CALL = re.compile(r"^<< (code|output)\(\"[\w./:-]+\"\) >>$")


@dataclass(frozen=True)
class Breach:
    """A place in a page's source that breaks a law.

    Args:
        line: number of the line.
        law: the law, in words.
        text: the offending text.
    """

    line: int
    law: str
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.law}: {self.text}"


def templates() -> jinja2.Environment:
    """Return a Jinja environment with other delimiters: `{{`, `{%` and `{#` occur in formulas, code and attributes."""
    return jinja2.Environment(
        variable_start_string="<<",
        variable_end_string=">>",
        block_start_string="<%",
        block_end_string="%>",
        comment_start_string="<#",
        comment_end_string="#>",
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )


def includes(source: str) -> list[tuple[str, str | None]]:
    """List the (file, section) pairs that a page includes; the section is None for a whole file."""
    matches = (INCLUDE.match(line.strip()) for line in source.splitlines())
    return [(match.group(1), match.group(2)) for match in matches if match]
