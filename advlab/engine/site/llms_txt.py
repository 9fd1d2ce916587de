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
    """The whole file: title, summary, and a list for each section of the navigation; pages of no section come first."""
    lines = [f"# {name}", "", f"> {description}"]
    sections: dict[str, list[Linked]] = {"": []}
    for page in pages:
        sections.setdefault(page.section, []).append(page)
    for section, listed in sections.items():
        lines += ["", f"## {section or 'Pages'}", ""]
        lines += [f"- [{one.title}]({one.url})" + (f": {one.description}" if one.description else "") for one in listed]
    return "\n".join([*lines, ""])
