"""What a page's source is written in: Jinja with marks of our own, includes, and the languages of its fences."""

from __future__ import annotations

import re
from dataclasses import dataclass

import jinja2

#: The languages of fences: how the files end that they include; python may also show a package, text is generated.
FENCES = {"python": (".py",), "bash": (".sh",), "yaml": (".yml", ".yaml"), "toml": (".toml",), "text": ()}

INCLUDE = re.compile(r'^--8<-- "([\w./-]+?)(?::([\w-]+))?"$')
CALL = re.compile(r"^<< (code|output)\(\"[\w./:-]+\"\) >>$")


@dataclass(frozen=True)
class Breach:
    """A place in a page's source that breaks a law."""

    line: int
    law: str
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.law}: {self.text}"


def templates() -> jinja2.Environment:
    """Jinja with marks of our own: its `{{`, `{%` and `{#` occur in formulas, code and attribute lists."""
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
    """The (file, section) pairs that a page includes."""
    matches = (INCLUDE.match(line.strip()) for line in source.splitlines())
    return [(match.group(1), match.group(2)) for match in matches if match]
