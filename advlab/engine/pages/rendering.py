"""Rendering of a page's Markdown: fill in results and include code. MkDocs and Sybil both use it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import markdown

from advlab.engine.book import Book
from advlab.engine.pages.grammar import templates
from advlab.engine.pages.macros import NAMES, Macros


def rendered(source: str, url: str, book: Book) -> str:
    """Return the Markdown of a page with all results filled in and all includes expanded.

    Args:
        source: the page as it is written, without front matter.
        url: address of the page in the site ("attacks/fgsm/"), from which relative links start.
        book: the results.

    Raises:
        KeyError: the page names a result, citation or code that does not exist (UnknownName, UnknownCode).
        FalseClaim: the results contradict a claim.
        ValueError: the page names an unknown path, or a data file is wrong.
        FileNotFoundError: the store no longer holds a result.
        jinja2.TemplateError: the page has a syntax error or calls an unknown function.
        pymdownx.snippets.SnippetMissingError: an included file or section does not exist.
    """
    macros = Macros(book, url)
    environment = templates()
    environment.globals = {name: getattr(macros, name) for name in NAMES}
    macros.bind = lambda text: environment.from_string(text).render(root=macros.base)
    return "\n".join(_include(macros.bind(source).split("\n"), book.edition.snippets))


def _include(lines: list[str], folder: Path) -> list[str]:
    """Replace `--8<--` lines with the files that they name, using pymdownx.snippets."""
    configuration = {"pymdownx.snippets": {"base_path": [str(folder)], "check_paths": True}}
    converter = markdown.Markdown(extensions=["pymdownx.snippets"], extension_configs=configuration)
    included: list[str] = converter.preprocessors["snippet"].run(lines)
    return included


def description(book: Book, text: Any) -> str:
    """Return a page's description (front matter) as plain text with its numbers filled in.

    Args:
        book: the results.
        text: the description as it is written.

    Raises:
        UnknownName: the description names a result that does not exist.
        jinja2.TemplateError: it has a syntax error or calls another function than `plain` and `fragment`.
    """
    macros = Macros(book, "")
    environment = templates()
    environment.globals = {"plain": macros.plain, "fragment": macros.fragment}
    return environment.from_string(str(text)).render()
