"""llms.txt: the site's pages with one sentence on each, for programs that read it (the form of llmstxt.org)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Linked:
    """A page as the list names it."""

    section: str
    title: str
    url: str
    description: str


def text(name: str, description: str, pages: Iterable[Linked]) -> str:
    """The whole file: title, summary, and a list for each section of the navigation."""
    lines = [f"# {name}", "", f"> {description}"]
    section: str | None = None
    for page in pages:
        if page.section != section:
            section = page.section
            lines += ["", f"## {section or 'Pages'}", ""]
        lines.append(f"- [{page.title}]({page.url})" + (f": {page.description}" if page.description else ""))
    return "\n".join([*lines, ""])
