"""The works that the pages cite: one data file of the edition, cited by key, listed on one page."""

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
# What stands last in `authors` when the file does not name them all.
OTHERS = "others"


@dataclass(frozen=True)
class Work:
    """One entry of bibliography.yml; `url` is where its title leads."""

    key: str
    authors: tuple[str, ...]
    title: str
    venue: str
    year: int
    url: str

    @property
    def short(self) -> str:
        """How prose names the work: "Goodfellow et al., 2015"."""
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
        """All names that the file holds: "Goodfellow, Shlens and Szegedy"."""
        *most, last = self.authors
        if last == OTHERS:
            return f"{', '.join(most)} et al."
        return f"{', '.join(most)} and {last}" if most else last


def load(path: Path) -> dict[str, Work]:
    """Read and check a bibliography.

    Raises:
        ValueError: a field is missing, unknown or malformed, or a key stands twice; names the entry.
    """
    works: dict[str, Work] = {}
    for entry in yaml.safe_load(path.read_text(encoding="utf-8")):
        work = _checked(entry)
        if work.key in works:
            raise ValueError(f"bibliography: the key {work.key!r} stands twice")
        works[work.key] = work
    return works


def cite(edition: Edition, key: str, base: str) -> str:
    """HTML link to the entry of `key`; `base` leads from the citing page to the root of the site ("../").

    Raises:
        KeyError: no such key; the message suggests the nearest ones.
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
    """The whole list as HTML that stands in Markdown, by author and year, an anchor at each entry."""
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
        raise ValueError(f"{name}: a key is lower-case letters and digits")
    if not entry["authors"] or entry["authors"][0] == OTHERS or not isinstance(entry["year"], int):
        raise ValueError(f"{name}: `authors` is a list of names, `year` a number")
    if "arxiv" in entry and not re.fullmatch(r"\d{4}\.\d{4,5}", str(entry["arxiv"])):
        raise ValueError(f"{name}: {entry['arxiv']!r} is no arXiv identifier (quote it: YAML reads a number)")
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
    """A name as a catalogue sorts it: without accents, in lower case."""
    letters = unicodedata.normalize("NFKD", name)
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).casefold()
