"""A page as its reader gets it: `rendered` binds names to results and includes code. MkDocs and Sybil both use it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import markdown

from advlab.engine.book import Book
from advlab.engine.pages.grammar import templates
from advlab.engine.pages.macros import NAMES, Macros


def rendered(source: str, url: str, book: Book) -> str:
    """The Markdown of a page with every name bound and every include expanded.

    Args:
        source: the page as it is written, without front matter.
        url: the page's address in the site ("attacks/fgsm/"), from which links lead.
        book: the results.

    Raises:
        UnknownName, KeyError, FalseClaim: the page and the results do not fit.
    """
    macros = Macros(book, url)
    environment = templates()
    environment.globals = {name: getattr(macros, name) for name in NAMES}
    macros.bind = lambda text: environment.from_string(text).render(root=macros.base)
    return "\n".join(_include(macros.bind(source).split("\n"), book.edition.snippets))


def _include(lines: list[str], folder: Path) -> list[str]:
    """`--8<--` lines replaced by the files of a folder that they name, as pymdownx.snippets does it."""
    configuration = {"pymdownx.snippets": {"base_path": [str(folder)], "check_paths": True}}
    converter = markdown.Markdown(extensions=["pymdownx.snippets"], extension_configs=configuration)
    included: list[str] = converter.preprocessors["snippet"].run(lines)
    return included


def description(book: Book, text: Any) -> str:
    """A page's description (front matter) with its numbers bound, as plain text."""
    macros = Macros(book, "")
    environment = templates()
    environment.globals = {"plain": macros.plain, "fragment": macros.fragment}
    return environment.from_string(str(text)).render()
