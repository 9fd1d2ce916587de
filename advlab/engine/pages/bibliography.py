"""The bibliography: works from one data file of the edition, which pages cite by key and one page lists."""

import re
import unicodedata
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import yaml

from advlab.engine.editions import Edition

NEEDED = {"key", "authors", "title", "venue", "year"}
ADDRESSES = {"doi", "arxiv", "url"}
# The last item of `authors` if the file does not name all of them.
OTHERS = "others"


@dataclass(frozen=True)
class Work:
    """One entry of the bibliography; `url` is the address that its title links to."""

    key: str
    authors: tuple[str, ...]
    title: str
    venue: str
    year: int
    url: str

    @property
    def short(self) -> str:
        """The citation in running text: "Goodfellow et al., 2015"."""
        match self.authors:
            case (one,):
                names = one
            case (one, two) if two != OTHERS:
                names = f"{one} and {two}"
            case _:
                names = f"{self.authors[0]} et al."
        return f"{names}, {self.year}"

    @property
    def authors_in_full(self) -> str:
        """All authors that the file names: "Goodfellow, Shlens and Szegedy"."""
        *most, last = self.authors
        if last == OTHERS:
            return f"{', '.join(most)} et al."
        return f"{', '.join(most)} and {last}" if most else last


def load(path: Path) -> dict[str, Work]:
    """Read and check a bibliography.

    Raises:
        ValueError: a field is missing, unknown or malformed, or a key occurs twice; the message names the entry.
        OSError: the file cannot be read.
        yaml.YAMLError: the file is not YAML.
    """
    works: dict[str, Work] = {}
    for entry in yaml.safe_load(path.read_text(encoding="utf-8")):
        work = _checked(entry)
        if work.key in works:
            raise ValueError(f"bibliography: the key {work.key!r} occurs twice")
        works[work.key] = work
    return works


def cite(edition: Edition, key: str, base: str) -> str:
    """Return an HTML link to a work's entry in the bibliography.

    Args:
        edition: the edition with the bibliography.
        key: key of the work.
        base: relative address from the citing page to the root of the site ("../").

    Raises:
        KeyError: there is no such key; the message suggests similar ones.
        ValueError: the bibliography has a bad entry.
    """
    works = _works(edition.bibliography)
    if key not in works:
        near = get_close_matches(key, works, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else f"see {edition.relative(edition.bibliography)}"
        raise KeyError(f"unknown citation {key!r}: {hint}")
    work = works[key]
    href = f"{base.rstrip('/') or '.'}/{edition.bibliography_page}/#{key}"
    title = escape(f"{work.title}. {work.venue}, {work.year}")
    return f'<a class="cite" href="{href}" title="{title}">{escape(work.short)}</a>'


def page(edition: Edition) -> str:
    """Return the bibliography as HTML for a Markdown page, sorted by author and year, with an anchor for each entry.

    Raises:
        ValueError: the bibliography has a bad entry.
    """
    works = sorted(
        _works(edition.bibliography).values(), key=lambda work: (_plain(work.authors[0]), work.year, work.title)
    )
    items = [
        f'<li id="{work.key}">{escape(work.authors_in_full.rstrip("."))}. '
        f'<a href="{escape(work.url)}">{escape(work.title)}</a>. {escape(work.venue)}, {work.year}.</li>'
        for work in works
    ]
    return "\n".join(['<ul class="bibliography">', *items, "</ul>"])


@cache
def _works(path: Path) -> dict[str, Work]:
    return load(path)


def _checked(entry: dict[str, Any]) -> Work:
    name = f"bibliography: {entry.get('key', entry)!r}"
    if missing := NEEDED - entry.keys():
        raise ValueError(f"{name} lacks {', '.join(sorted(missing))}")
    if unknown := entry.keys() - NEEDED - ADDRESSES:
        raise ValueError(f"{name} has unknown fields: {', '.join(sorted(unknown))}")
    if not re.fullmatch(r"[a-z][a-z0-9]*", entry["key"]):
        raise ValueError(f"{name}: a key consists of lower-case letters and digits")
    if not entry["authors"] or entry["authors"][0] == OTHERS or not isinstance(entry["year"], int):
        raise ValueError(f"{name}: `authors` must be a list of names, `year` a number")
    if "arxiv" in entry and not re.fullmatch(r"\d{4}\.\d{4,5}", str(entry["arxiv"])):
        raise ValueError(f"{name}: {entry['arxiv']!r} is no arXiv identifier (quote it, or YAML reads a number)")
    return Work(
        key=entry["key"],
        authors=tuple(entry["authors"]),
        title=entry["title"],
        venue=entry["venue"],
        year=entry["year"],
        url=_url(entry),
    )


def _url(entry: dict[str, Any]) -> str:
    if "doi" in entry:
        return f"https://doi.org/{entry['doi']}"
    if "arxiv" in entry:
        return f"https://arxiv.org/abs/{entry['arxiv']}"
    if not str(entry.get("url", "")).startswith(("https://", "http://")):
        raise ValueError(f"bibliography: {entry['key']!r} needs a doi, an arxiv identifier or an http(s) url")
    return entry["url"]


def _plain(name: str) -> str:
    """Return a name in the form used for sorting: without accents, in lower case."""
    letters = unicodedata.normalize("NFKD", name)
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).casefold()
