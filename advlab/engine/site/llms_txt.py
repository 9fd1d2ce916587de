"""llms.txt: a list of the site's pages with one sentence on each, for programs to read (format of llmstxt.org)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Linked:
    """A page in the list.

    Args:
        section: section of the navigation; "" at its top level.
        title: title of the page.
        url: address of the page.
        description: one sentence; "" for none.
    """

    section: str
    title: str
    url: str
    description: str


def text(name: str, description: str, pages: Iterable[Linked]) -> str:
    """Return the content of llms.txt: title, summary and a list of pages per section, pages without a section first.

    Args:
        name: title of the site.
        description: summary of the site.
        pages: the pages, in order.
    """
    lines = [f"# {name}", "", f"> {description}"]
    sections: dict[str, list[Linked]] = {"": []}
    for page in pages:
        sections.setdefault(page.section, []).append(page)
    for section, listed in sections.items():
        lines += ["", f"## {section or 'Pages'}", ""]
        lines += [f"- [{one.title}]({one.url})" + (f": {one.description}" if one.description else "") for one in listed]
    return "\n".join([*lines, ""])
