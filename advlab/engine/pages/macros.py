"""The functions that pages may call between << and >>."""

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
    """A page states what the results contradict."""


class Macros:
    """The functions that pages may call, on one page: every public method is one."""

    def __init__(self, book: Book, url: str) -> None:
        self.book = book
        self.edition = book.edition
        directory = PurePosixPath(url) if url.endswith("/") or not url else PurePosixPath(url).parent
        self.base = "../" * len([part for part in directory.parts if part != "."])
        #: Binds the names in a text that a data file holds; `rendered` sets it.
        self.bind: Callable[[str], str] = str

    def n(self, path: str, form: str = "%") -> str:
        """A number in prose: the value, linked to its measurement, with n, interval and key on hovering."""
        number = self.book.number(path)
        link = self._provenance(number.measurement)
        return (
            f'<a class="bound" href="{link}" title="{html.escape(number.hover)}">{format_value(number.value, form)}</a>'
        )

    def plain(self, path: str, form: str = "%") -> str:
        """The bare text of a number, for formulas and alternative texts."""
        return format_value(self.book.number(path).value, form)

    def figure(self, name: str) -> str:
        """A figure in both colour schemes, with alternative text, caption and where it comes from."""
        described = self.book.entry("figure", name).json("figure.json")
        pictures = self._pictures(name, "", described["alt"])
        caption = f"{described['caption']} {self._sources(self.book.item('figure', name)['sources'])}"
        words = f'<figcaption markdown="span">{caption}</figcaption>'
        return f'<figure class="plot" markdown="1">\n{pictures}\n{words}\n</figure>'

    def slider(self, name: str) -> str:
        """A series of pictures that a slider switches; without JavaScript all of them, side by side."""
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
        """The address at which the site tells of a measurement."""
        return f"{self.base}{self.edition.provenance_page}/#{slug(measurement)}"

    def table(self, name: str) -> str:
        """A table of results, its caption, its sources, and the evidence for each example where there is any."""
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
        """A sentence that holds only while its predicate does. Raises FalseClaim; in a draft it marks the sentence."""
        one = self.book.item("claim", name)
        if one["holds"]:
            return sentence
        if self.book.draft:
            return f'<mark class="false" title="{html.escape(name)}: not so in this draft">{sentence}</mark>'
        raise FalseClaim(f"claim {name!r} is contradicted by the results: {one['says']!r} does not hold")

    def cite(self, key: str) -> str:
        """A work of the bibliography, as authors and year. Raises KeyError for an unknown key."""
        return bibliography.cite(self.edition, key, self.base)

    def quote(self, text: str, key: str) -> str:
        """A short quotation with its source."""
        return f'<q class="quote">{html.escape(text)}</q> ({self.cite(key)})'

    def published(self, key: str, form: str = "%") -> str:
        """A figure of others: looks different, and names its n and threat model on hovering."""
        one = external_results.published(self.edition.published, key)
        hover = html.escape(f"published, not measured here: {one['says']}")
        value = format_value(one["value"], form)
        return f'<span class="published" title="{hover}">{value}</span> ({self.cite(one["cite"])})'

    def recorded(self, path: str, form: str = "s") -> str:
        """A result of another run (benchmarks, oracles): looks different, and names date and machine on hovering."""
        value, file = external_results.recorded(self.edition.recorded, path)
        hover = html.escape(f"recorded {file['date']} on {file['machine']['processor']}")
        return f'<span class="recorded" title="{hover}">{format_value(value, form)}</span>'

    def code(self, name: str) -> str:
        """A function of a package by its qualified name, as it can be copied."""
        return library_code.code(name)

    def output(self, name: str) -> str:
        """What a program of snippets/ printed ("fgsm/attack.py"), or one of its sections (":loss" behind it)."""
        file, _, section = name.partition(":")
        printed = self.book.entry("output", file).json("output.json")
        if section not in printed:
            raise UnknownName("section", name, [f"{file}:{other}" for other in printed])
        text: str = printed[section].rstrip("\n")
        if not text:
            raise UnknownName("output (it prints nothing)", name, [])
        return text

    def references(self) -> str:
        """The whole list of works."""
        return bibliography.page(self.edition)

    def glossary(self) -> str:
        """All words of the book with their meanings."""
        return glossary.page(self.edition)

    def path(self, name: str) -> str:
        """A way through the book, with the time that each page takes."""
        return paths.table(self.edition, name)

    def tasks(self) -> str:
        """The programs of snippets/ by what a reader wants to do with them."""
        return snippet_index.page(self.edition, _pages_of_programs(self.edition))

    def fragment(self, name: str) -> str:
        """A piece that a chapter wrote itself; the names in it are bound as on a page."""
        return self.bind(self.book.item("fragment", name)["text"])

    def link(self, page: str) -> str:
        """A link to a page of docs/, or to a section of it, by its title; a file, so that MkDocs checks it."""
        return f"[{page_title(self.edition, page)}]({page})"

    def provenance(self) -> str:
        """Every measurement with its key and its files."""
        return provenance.provenance(self.book, self.base)

    def ledger(self) -> str:
        """Where the seconds of the build went."""
        return provenance.ledger(self.book)

    def environment(self) -> str:
        """The machine and the versions of this build."""
        return provenance.environment(self.book)


def _size(svg: bytes) -> tuple[int, int]:
    """Width and height of an SVG that matplotlib wrote, in CSS pixels (it writes points)."""
    opening = svg[svg.index(b"<svg") : svg.index(b">", svg.index(b"<svg"))].decode()
    width, height = (re.search(rf'{side}="([\d.]+)pt"', opening) for side in ("width", "height"))
    if width is None or height is None:
        raise ValueError(f"a figure's SVG names no size in points: {opening}")
    return round(float(width[1]) * 4 / 3), round(float(height[1]) * 4 / 3)


def _pages_of_programs(edition: Edition) -> dict[str, tuple[str, str]]:
    """By program of snippets/: the first page of the navigation that shows it, and that page's title."""
    found: dict[str, tuple[str, str]] = {}
    for entry in navigation(edition):
        page = edition.docs / entry.file
        if page.is_file():
            for file, _ in includes(page.read_text(encoding="utf-8")):
                found.setdefault(file, (entry.file, entry.title))
        elif entry.file.endswith(".ipynb") and edition.notebook:
            found[edition.notebook] = (entry.file, entry.title)
    return found


#: What pages may call: all of it, and what takes names, formats or citations (of a claim the second argument is prose).
NAMES = tuple(name for name, one in vars(Macros).items() if not name.startswith("_") and inspect.isfunction(one))
FUNCTIONS = frozenset(name for name in NAMES if len(inspect.signature(vars(Macros)[name]).parameters) > 1)
