"""The functions that pages can call between << and >>."""

from __future__ import annotations

import html
import inspect
import re
from collections.abc import Callable
from pathlib import PurePosixPath

from advlab.engine import external_results
from advlab.engine.book import Book, format_value, slug
from advlab.engine.editions import Edition
from advlab.engine.external_results import UnknownName
from advlab.engine.pages import bibliography, glossary, library_code, paths, provenance, snippet_index
from advlab.engine.pages.grammar import includes
from advlab.engine.pages.navigation import navigation, page_title
from advlab.engine.pages.provenance import PER_EXAMPLE


class FalseClaim(ValueError):
    """A page states a claim that the results contradict."""


class Macros:
    """The functions that one page can call: all public methods.

    Those that take the name of a result, figure, table or file raise UnknownName if it does not exist, and
    FileNotFoundError if the store no longer holds it. A `form` is one of `advlab.engine.book.format_value`; a `path` is
    the name of a measurement and the steps to a value in its result, as for `Book.number`.

    Args:
        book: the results.
        url: address of the page within the site.
    """

    def __init__(self, book: Book, url: str) -> None:
        self.book = book
        self.edition = book.edition
        directory = PurePosixPath(url) if url.endswith("/") or not url else PurePosixPath(url).parent
        self.base = "../" * len([part for part in directory.parts if part != "."])
        #: Fills results into a text that a chapter generated; `rendered` sets it.
        self.bind: Callable[[str], str] = str

    def n(self, path: str, form: str = "%") -> str:
        """Return a number linked to its measurement, with n, interval and key as tooltip, for running text."""
        number = self.book.number(path)
        link = self._provenance(number.measurement)
        return (
            f'<a class="bound" href="{link}" title="{html.escape(number.hover)}">{format_value(number.value, form)}</a>'
        )

    def plain(self, path: str, form: str = "%") -> str:
        """Return a number as plain text, for formulas and alternative texts."""
        return format_value(self.book.number(path).value, form)

    def figure(self, name: str) -> str:
        """Return a figure in both colour schemes, with alternative text, caption and links to its measurements."""
        described = self.book.entry("figure", name).json("figure.json")
        pictures = self._pictures(name, "", described["alt"])
        caption = f"{described['caption']} {self._sources(self.book.item('figure', name)['sources'])}"
        words = f'<figcaption markdown="span">{caption}</figcaption>'
        return f'<figure class="plot" markdown="1">\n{pictures}\n{words}\n</figure>'

    def slider(self, name: str) -> str:
        """Return a series of pictures with a slider; without JavaScript all of them show side by side."""
        described = self.book.entry("slider", name).json("slider.json")
        parts = []
        for number, frame in enumerate(described["frames"]):
            label = html.escape(frame["label"])
            pictures = self._pictures(name, f"{number}.", frame["alt"], "slider")
            parts.append(f'<figure data-label="{label}">{pictures}<figcaption>{label}</figcaption></figure>')
        sources = self._sources(self.book.item("slider", name)["sources"])
        return (
            f'<div class="frames" data-frames data-name="{html.escape(described["name"])}">\n'
            + "\n".join(parts)
            + "\n</div>\n"
            f'<p class="caption" markdown="span">{described["caption"]} {sources}</p>'
        )

    def _pictures(self, name: str, prefix: str, alt: str, kind: str = "figure") -> str:
        entry = self.book.entry(kind, name)
        width, height = _size(entry.read(f"{prefix}light.svg"))
        return "".join(
            f'<img src="{self.base}figures/{slug(name)}.{prefix}{scheme}.svg#only-{scheme}" alt="{html.escape(alt)}" '
            f'width="{width}" height="{height}" loading="lazy">'
            for scheme in ("light", "dark")
        )

    def _sources(self, measurements: list[str]) -> str:
        links = [f'<a href="{self._provenance(name)}">{name}</a>' for name in measurements]
        return f'<span class="source">Measured: {", ".join(links)}</span>'

    def _provenance(self, measurement: str) -> str:
        """Return the address of a measurement on the provenance page."""
        return f"{self.base}{self.edition.provenance_page}/#{slug(measurement)}"

    def table(self, name: str) -> str:
        """Return a table with its caption, links to its measurements, and any downloads of data for each example."""
        one = self.book.item("table", name)
        lines = [
            one["header"],
            [{"l": ":--", "r": "--:", "c": ":-:"}[side] for side in one["align"]],
            *one["rows"],
        ]
        body = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
        evidence = []
        for file, words in PER_EXAMPLE.items():
            kept = [source for source in one["sources"] if file in self.book.item("measurement", source)["files"]]
            names = [words] if len(kept) == 1 else [source.partition(":")[2] for source in kept]
            links = [
                f'<a href="{self.base}results/{slug(source)}.{file}" download>{name}</a>'
                for source, name in zip(kept, names, strict=True)
            ]
            if links:
                before = f"{words}: " if len(links) > 1 else ""
                evidence.append(f'<span class="source">{before}{", ".join(links)}</span>')
        sources = " · ".join([self._sources(one["sources"]), *evidence])
        caption = f'<p class="caption" markdown="span">{one["caption"]} {sources}</p>'
        return f'<div class="result" markdown="1">\n\n{body}\n\n{caption}\n\n</div>'

    def claim(self, name: str, sentence: str) -> str:
        """Return a sentence whose predicate holds; in a draft, mark the sentence if it does not.

        Args:
            name: name of the claim.
            sentence: the sentence that states it.

        Raises:
            UnknownName: there is no such claim.
            FalseClaim: the predicate does not hold.
        """
        one = self.book.item("claim", name)
        if one["holds"]:
            return sentence
        if self.book.draft:
            return f'<mark class="false" title="{html.escape(name)}: not so in this draft">{sentence}</mark>'
        raise FalseClaim(f"claim {name!r} is contradicted by the results: {one['says']!r} does not hold")

    def cite(self, key: str) -> str:
        """Cite a work of the bibliography by authors and year.

        Raises:
            KeyError: there is no such key.
        """
        return bibliography.cite(self.edition, key, self.base)

    def quote(self, text: str, key: str) -> str:
        """Return a short quotation with its source.

        Args:
            text: the quotation.
            key: key of the work in the bibliography.

        Raises:
            KeyError: the bibliography has no such key.
        """
        return f'<q class="quote">{html.escape(text)}</q> ({self.cite(key)})'

    def published(self, key: str, form: str = "%") -> str:
        """Return a published figure with its citation, in a style of its own, with n and threat model as tooltip.

        Raises:
            UnknownName: there is no such figure.
            KeyError: the bibliography lacks its source.
        """
        one = external_results.published(self.edition.published, key)
        hover = html.escape(f"published, not measured here: {one['says']}")
        value = format_value(one["value"], form)
        return f'<span class="published" title="{hover}">{value}</span> ({self.cite(one["cite"])})'

    def recorded(self, path: str, form: str = "s") -> str:
        """Return a recorded result (benchmarks, oracles), in a style of its own, with date and machine as tooltip."""
        value, file = external_results.recorded(self.edition.recorded, path)
        hover = html.escape(f"recorded {file['date']} on {file['machine']['processor']}")
        return f'<span class="recorded" title="{hover}">{format_value(value, form)}</span>'

    def code(self, name: str) -> str:
        """Return a function of a package, given by its qualified name, in a form that can be copied.

        Raises:
            UnknownCode: the package has no such function.
        """
        return library_code.code(name)

    def output(self, name: str) -> str:
        """Return what a program of snippets/ printed ("fgsm/attack.py"), or one section of it ("fgsm/attack.py:loss").

        Raises:
            UnknownName: there is no such program or section, or it prints nothing.
        """
        file, _, section = name.partition(":")
        printed = self.book.entry("output", file).json("output.json")
        if section not in printed:
            raise UnknownName("section", name, [f"{file}:{other}" for other in printed])
        text: str = printed[section].rstrip("\n")
        if not text:
            raise UnknownName("output (it prints nothing)", name, [])
        return text

    def references(self) -> str:
        """Return the bibliography."""
        return bibliography.page(self.edition)

    def glossary(self) -> str:
        """Return the glossary."""
        return glossary.page(self.edition)

    def path(self, name: str) -> str:
        """Return a path through the book, with the reading time of each page.

        Raises:
            ValueError: there is no such path.
        """
        return paths.table(self.edition, name)

    def tasks(self) -> str:
        """Return the programs of snippets/, grouped by task.

        Raises:
            ValueError: the index of the programs is wrong.
            KeyError: no page shows a program.
        """
        return snippet_index.page(self.edition, _pages_of_programs(self.edition))

    def fragment(self, name: str) -> str:
        """Return text that a chapter generated, with results filled in as on a page."""
        return self.bind(self.book.item("fragment", name)["text"])

    def link(self, page: str) -> str:
        """Return a link to a page of docs/ or a section of it, with the page's title; MkDocs checks such links.

        Raises:
            FileNotFoundError: there is no such page.
        """
        return f"[{page_title(self.edition, page)}]({page})"

    def provenance(self) -> str:
        """Return the list of all measurements with their keys and files."""
        return provenance.provenance(self.book, self.base)

    def ledger(self) -> str:
        """Return a table of the computing time of each result."""
        return provenance.ledger(self.book)

    def environment(self) -> str:
        """Return a table of the machine and versions of this build."""
        return provenance.environment(self.book)


def _size(svg: bytes) -> tuple[int, int]:
    """Return width and height in CSS pixels of an SVG from matplotlib, which states them in points.

    Raises:
        ValueError: the SVG does not state its size in points.
    """
    opening = svg[svg.index(b"<svg") : svg.index(b">", svg.index(b"<svg"))].decode()
    width, height = (re.search(rf'{side}="([\d.]+)pt"', opening) for side in ("width", "height"))
    if width is None or height is None:
        raise ValueError(f"the SVG of a figure does not state its size in points: {opening}")
    return round(float(width[1]) * 4 / 3), round(float(height[1]) * 4 / 3)


def _pages_of_programs(edition: Edition) -> dict[str, tuple[str, str]]:
    """Return, by program of snippets/, file and title of the first page in the navigation that shows it."""
    found: dict[str, tuple[str, str]] = {}
    for entry in navigation(edition):
        page = edition.docs / entry.file
        if page.is_file():
            for file, _ in includes(page.read_text(encoding="utf-8")):
                found.setdefault(file, (entry.file, entry.title))
        elif entry.file.endswith(".ipynb") and edition.notebook:
            found[edition.notebook] = (entry.file, entry.title)
    return found


#: All functions that pages can call, and those with arguments: names, formats, citations (and a claim's sentence).
NAMES = tuple(name for name, one in vars(Macros).items() if not name.startswith("_") and inspect.isfunction(one))
FUNCTIONS = frozenset(name for name in NAMES if len(inspect.signature(vars(Macros)[name]).parameters) > 1)
