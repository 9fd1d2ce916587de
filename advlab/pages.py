"""A page as its reader gets it: `rendered` binds names to results and includes code. MkDocs and Sybil both use it."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

import markdown

from advlab import article, bibliography, colophon, reading, shown, snippets, tasks, worksheet
from advlab.book import Book, slug
from advlab.book import shown as text_of
from advlab.colophon import PER_EXAMPLE
from advlab.elsewhere import UnknownName, published, recorded
from advlab.laws import includes, templates
from advlab.source import PACKAGE

#: Where the page lies that tells of each measurement (docs/making.md).
PROVENANCE = "making"


class FalseClaim(ValueError):
    """A page states what the results contradict."""


def rendered(source: str, url: str, book: Book) -> str:
    """The Markdown of a page with every name bound and every include expanded.

    `url` is the page's address in the site ("attacks/fgsm/"), from which links lead.
    Raises UnknownName, KeyError or FalseClaim where the page and the results do not fit.
    """
    environment = templates()
    face = Face(book, url)
    names = (
        "n",
        "plain",
        "figure",
        "slider",
        "table",
        "claim",
        "cite",
        "quote",
        "published",
        "recorded",
        "code",
        "output",
    )
    lists = (
        "provenance",
        "ledger",
        "environment",
        "references",
        "glossary",
        "path",
        "tasks",
        "worksheet",
        "claims",
        "claim_counts",
    )
    face.bind = lambda text: environment.from_string(text).render()
    environment.globals = {name: getattr(face, name) for name in (*names, *lists)}
    return "\n".join(_include(environment.from_string(source).render().split("\n")))


def _include(lines: list[str]) -> list[str]:
    """`--8<--` lines replaced by the files of snippets/ they name, as pymdownx.snippets does it."""
    configuration = {"pymdownx.snippets": {"base_path": [str(snippets.FOLDER)], "check_paths": True}}
    converter = markdown.Markdown(extensions=["pymdownx.snippets"], extension_configs=configuration)
    included: list[str] = converter.preprocessors["snippet"].run(lines)
    return included


class Face:
    """The functions that pages may call, on one page."""

    def __init__(self, book: Book, url: str) -> None:
        self.book = book
        directory = PurePosixPath(url) if url.endswith("/") or not url else PurePosixPath(url).parent
        self.base = "../" * len([part for part in directory.parts if part != "."])
        #: Binds the names in a text that a data file holds; `rendered` sets it.
        self.bind: Callable[[str], str] = str

    def n(self, path: str, form: str = "%") -> str:
        """A number in prose: the value, linked to its measurement, with n, interval and key on hovering."""
        number = self.book.number(path)
        link = f"{self.base}{PROVENANCE}/#{slug(number.measurement)}"
        return f'<a class="bound" href="{link}" title="{html.escape(number.hover)}">{text_of(number.value, form)}</a>'

    def plain(self, path: str, form: str = "%") -> str:
        """The bare text of a number, for formulas and alternative texts."""
        return text_of(self.book.number(path).value, form)

    def figure(self, name: str) -> str:
        """A figure in both colour schemes, with alternative text, caption and where it comes from."""
        described = self.book.entry("figure", name).json("figure.json")
        pictures = self._pictures(name, "", described["alt"])
        caption = f"{described['caption']} {self._sources(self.book.one('figure', name)['sources'])}"
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
        sources = self._sources(self.book.one("slider", name)["sources"])
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
        links = [f'<a href="{self.base}{PROVENANCE}/#{slug(name)}">{name}</a>' for name in measurements]
        return f'<span class="source">Measured: {", ".join(links)}</span>'

    def table(self, name: str) -> str:
        """A table of results, its caption, its sources, and the evidence for each example where there is any."""
        one = self.book.one("table", name)
        lines = [
            one["header"],
            [{"l": ":--", "r": "--:", "c": ":-:"}[side] for side in one["align"]],
            *one["rows"],
        ]
        body = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
        evidence = []
        for file, words in PER_EXAMPLE.items():
            kept = [source for source in one["sources"] if file in self.book.one("measurement", source)["files"]]
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
        one = self.book.one("claim", name)
        if one["holds"]:
            return sentence
        if self.book.draft:
            return f'<mark class="false" title="{html.escape(name)}: not so in this draft">{sentence}</mark>'
        raise FalseClaim(f"claim {name!r} is contradicted by the results: {one['says']!r} does not hold")

    def cite(self, key: str) -> str:
        """A work of the bibliography, as authors and year. Raises KeyError for an unknown key."""
        return bibliography.cite(key, self.base)

    def quote(self, text: str, key: str) -> str:
        """A short quotation with its source."""
        return f'<q class="quote">{html.escape(text)}</q> ({self.cite(key)})'

    def published(self, key: str, form: str = "%") -> str:
        """A figure of others: looks different, and names its n and threat model on hovering."""
        one = published(key)
        hover = html.escape(f"published, not measured here: {one['says']}")
        return (
            f'<span class="published" title="{hover}">{text_of(one["value"], form)}</span> ({self.cite(one["cite"])})'
        )

    def recorded(self, path: str, form: str = "s") -> str:
        """A result of another run (benchmarks, oracles): looks different, and names date and machine on hovering."""
        value, file = recorded(path)
        hover = html.escape(f"recorded {file['date']} on {file['machine']['processor']}")
        return f'<span class="recorded" title="{hover}">{text_of(value, form)}</span>'

    def code(self, name: str) -> str:
        """A function of advlab by its qualified name, as it can be copied."""
        return shown.code(name)

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
        return bibliography.page()

    def glossary(self) -> str:
        from advlab import glossary

        return glossary.page()

    def path(self, name: str) -> str:
        """A way through the book, with the time that each page takes."""
        return reading.table(name)

    def tasks(self) -> str:
        """The programs of snippets/ by what a reader wants to do with them."""
        return tasks.page(_shown_on())

    def worksheet(self) -> str:
        return worksheet.html(self.base)

    def claims(self) -> str:
        """The claims of the article as a table that can be filtered."""
        return article.table(self.bind, lambda page: f"[{named(page)}]({page})")

    def claim_counts(self) -> str:
        return article.counts()

    def provenance(self) -> str:
        return colophon.provenance(self.book, self.base)

    def ledger(self) -> str:
        return colophon.ledger(self.book)

    def environment(self) -> str:
        return colophon.environment(self.book)


def named(page: str) -> str:
    """The title of a page, from its own first heading; `page` may lead to one of its sections. From docs/."""
    file, _, _ = page.partition("#")
    heading = re.search(r"(?m)^# (.+)$", (PACKAGE.parent / "docs" / file).read_text(encoding="utf-8"))
    return heading[1] if heading else file


def _size(svg: bytes) -> tuple[int, int]:
    """Width and height of an SVG that matplotlib wrote, in CSS pixels (it writes points)."""
    opening = svg[svg.index(b"<svg") : svg.index(b">", svg.index(b"<svg"))].decode()
    width, height = (re.search(rf'{side}="([\d.]+)pt"', opening) for side in ("width", "height"))
    if width is None or height is None:
        raise ValueError(f"a figure's SVG names no size in points: {opening}")
    return round(float(width[1]) * 4 / 3), round(float(height[1]) * 4 / 3)


def _shown_on() -> dict[str, tuple[str, str]]:
    """By program of snippets/: the first page of the navigation that shows it, and that page's title."""
    found: dict[str, tuple[str, str]] = {}
    for entry in reading.navigation():
        page = PACKAGE.parent / "docs" / entry.file
        if page.is_file():
            for file, _ in includes(page.read_text(encoding="utf-8")):
                found.setdefault(file, (entry.file, entry.title))
        elif entry.file.endswith(".ipynb"):
            name = snippets.NOTEBOOK.relative_to(snippets.FOLDER).as_posix()
            found[name] = (entry.file, entry.title)
    return found


def results(book: Book) -> dict[str, bytes]:
    """The files that pages link to, by their place in the site: figures, results, evidence."""
    files: dict[str, bytes] = {}
    for kind in ("figure", "slider"):
        for name in book.content.get(f"{kind}s", {}):
            entry = book.entry(kind, name)
            files |= {f"figures/{slug(name)}.{file}": entry.read(file) for file in entry.files if file.endswith(".svg")}
    for name in book.content.get("measurements", {}):
        entry = book.entry("measurement", name)
        described = {
            "measurement": name,
            "key": entry.key,
            "made_of": entry.meta["ingredients"],
            "result": entry.json(),
        }
        files[f"results/{slug(name)}.json"] = json.dumps(described, indent=1, sort_keys=True).encode()
        files |= {f"results/{slug(name)}.{file}": entry.read(file) for file in PER_EXAMPLE if file in entry.files}
    return files


def metadata(book: Book, text: Any) -> str:
    """A page's description (front matter) with its numbers bound, as plain text."""
    environment = templates()
    environment.globals = {"plain": Face(book, "").plain, "claim_counts": article.counts}
    return environment.from_string(str(text)).render()
