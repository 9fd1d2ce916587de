"""Ways through the book: two paths, what a page asks one to have read, and how long it takes to read."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache
from html import escape, unescape
from pathlib import Path
from typing import Any

import yaml

from advlab.source import PACKAGE

FILE = PACKAGE / "paths.yml"
CONFIGURATION = PACKAGE.parent / "mkdocs.yml"
#: A choice, and a slow one: the text is technical. Words of code and of tables count, and a formula counts as one.
WORDS_A_MINUTE = 180
SHORT, WHOLE = "fifteen minutes", "the whole book"

_SLOT = re.compile(r'<span class="minutes" data-(page|path)="([^"]+)"></span>')
_HEADING = re.compile(r'<h([1-6])[^>]*\bid="([^"]+)"')
#: What nobody reads from start to end: scripts, what unfolds, and one of the two schemes' pictures is not text anyhow.
_UNREAD = re.compile(r"<(?P<tag>script|style|details|svg)\b.*?</(?P=tag)>", re.DOTALL)
_FORMULA = re.compile(r"<math\b.*?</math>", re.DOTALL)


@dataclass(frozen=True)
class Station:
    """A stop on the short path: a page, or one section of it, and what one takes along."""

    page: str
    title: str
    gives: str

    @property
    def file(self) -> str:
        """The page without the section."""
        return self.page.partition("#")[0]


@dataclass(frozen=True)
class Stage:
    """A page in the whole book: what to have read before it; some pages are looked up, not read."""

    page: str
    after: tuple[str, ...] = ()
    looked_up: bool = False


@dataclass(frozen=True)
class Paths:
    """Both paths."""

    short: tuple[Station, ...]
    whole: tuple[Stage, ...]

    def stage(self, page: str) -> Stage | None:
        """What the whole book says of a page."""
        return next((stage for stage in self.whole if stage.page == page), None)


class _Tolerant(yaml.SafeLoader):
    """Reads mkdocs.yml, whose `!ENV` only MkDocs understands."""


_Tolerant.add_multi_constructor("!", lambda loader, suffix, node: None)


@dataclass(frozen=True)
class Entry:
    """A page of the navigation: the section that it stands in ("" at the top), its title, its file."""

    section: str
    title: str
    file: str


def navigation(path: Path = CONFIGURATION) -> tuple[Entry, ...]:
    """The pages of the navigation in order, from mkdocs.yml."""
    found: list[Entry] = []

    def walk(items: list[dict[str, Any]], section: str) -> None:
        for item in items:
            ((title, value),) = item.items()
            if isinstance(value, list):
                walk(value, title)
            else:
                found.append(Entry(section, title, value))

    walk(yaml.load(path.read_text(encoding="utf-8"), _Tolerant)["nav"], "")
    return tuple(found)


def load(path: Path = FILE, pages: tuple[str, ...] | None = None) -> Paths:
    """Read the paths and check them against the pages of the navigation (those of mkdocs.yml unless given).

    Raises:
        ValueError: a page of the navigation stands in the whole book not once, or in another order than there; a page
            of the paths is in no navigation; something is to be read before a page and comes after it.
        TypeError: an entry has an unknown field.
    """
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    pages = tuple(entry.file for entry in navigation()) if pages is None else pages
    short = tuple(Station(**one) for one in content[SHORT])
    whole = tuple(Stage(**{**one, "after": tuple(one.get("after", ()))}) for one in content[WHOLE])
    _check(short, whole, pages)
    return Paths(short, whole)


def _check(short: tuple[Station, ...], whole: tuple[Stage, ...], pages: tuple[str, ...]) -> None:
    stages = [stage.page for stage in whole]
    for page in pages:
        if page not in stages:
            raise ValueError(
                f"{page} is in the navigation (mkdocs.yml) and not on the path {WHOLE!r}: add it to "
                f"advlab/{FILE.name}, at its place in the navigation, with the pages to know before it"
            )
    for page in [*stages, *(station.file for station in short)]:
        if page not in pages:
            raise ValueError(f"{page} is on a path (advlab/{FILE.name}) and not in the navigation (mkdocs.yml)")
    if doubled := sorted({page for page in stages if stages.count(page) > 1}):
        raise ValueError(f"on the path {WHOLE!r} more than once (advlab/{FILE.name}): {', '.join(doubled)}")
    if stages != list(pages):
        page = next(page for page, other in zip(stages, pages, strict=True) if page != other)
        raise ValueError(
            f"{page} stands elsewhere on the path {WHOLE!r} (advlab/{FILE.name}) than in the navigation (mkdocs.yml): "
            '"next" at the foot of a page must lead along the path'
        )
    for number, stage in enumerate(whole):
        for before in stage.after:
            if before not in stages[:number]:
                raise ValueError(f"{stage.page} asks for {before}, which does not come before it (advlab/{FILE.name})")


@cache
def paths() -> Paths:
    """The paths of this book, read once a process."""
    return load()


# --- Time ---------------------------------------------------------------------------------------------------------


def words(html: str) -> int:
    """How many words a reader of this HTML meets; a formula counts as one."""
    text = re.sub(r"<[^>]*>", " ", _FORMULA.sub(" formula ", _UNREAD.sub(" ", html)))
    return sum(any(character.isalnum() for character in word) for word in unescape(text).split())


def minutes(html: str) -> int:
    """Whole minutes to read it, at least one."""
    return max(1, math.ceil(words(html) / WORDS_A_MINUTE))


def section(html: str, anchor: str) -> str:
    """The part of a page from the heading of this anchor to the next of its rank; of the title, what stands before
    the first section. Raises KeyError."""
    headings = [(match.start(), int(match[1]), match[2]) for match in _HEADING.finditer(html)]
    for number, (start, rank, name) in enumerate(headings):
        if name == anchor:
            later = (place for place, other, _ in headings[number + 1 :] if other <= max(rank, 2))
            return html[start : next(later, len(html))]
    raise KeyError(f"no heading {anchor!r}")


def part(contents: dict[str, str], page: str) -> str:
    """The HTML that "page.md" or "page.md#anchor" stands for. Raises KeyError."""
    file, _, anchor = page.partition("#")
    return section(contents[file], anchor) if anchor else contents[file]


def _total(contents: dict[str, str], path: str) -> int:
    if path == SHORT:
        return sum(minutes(part(contents, station.page)) for station in paths().short)
    return sum(minutes(contents[stage.page]) for stage in paths().whole if not stage.looked_up)


def timed(html: str, contents: dict[str, str]) -> str:
    """A page with the slots for minutes filled in; `contents` is the HTML of every page, by file."""

    def fill(match: re.Match[str]) -> str:
        name = unescape(match[2])
        return spoken(minutes(part(contents, name)) if match[1] == "page" else _total(contents, name))

    return _SLOT.sub(fill, html)


def spoken(number: int) -> str:
    """Minutes in words and digits; hours where there are several."""
    if number >= 120:
        return f"about {round(number / 60)} hours"
    return "a minute" if number == 1 else f"about {number} minutes"


# --- On pages ------------------------------------------------------------------------------------------------------


def below_the_title(html: str, page: str, to: dict[str, str]) -> str:
    """A page with one line under its title: how long it takes, and what to read before it.

    `to` gives, by file, the address of every page as this one links it.
    """
    stage = paths().stage(page)
    if stage is None:
        return html
    said = "To look things up" if stage.looked_up else f"Reading time: {spoken(minutes(html))}"
    titles = {entry.file: entry.title for entry in navigation()}
    links = ", ".join(f'<a href="{escape(to[before])}">{escape(titles[before])}</a>' for before in stage.after)
    before = f" · Before it: {links}" if links else ""
    line = f'<p class="reading" data-search-exclude>{said}{before}</p>'
    head, end, rest = html.partition("</h1>")
    return f"{head}{end}\n{line}{rest}" if end else f"{line}\n{html}"


def table(path: str) -> str:
    """A path as Markdown for the page docs/paths.md; its links are files, so that MkDocs checks them.

    Raises ValueError for an unknown path.
    """
    titles = {entry.file: entry for entry in navigation()}
    if path == SHORT:
        lines = [
            f"{number}. [{one.title}]({one.page}), {_slot('page', one.page)}. {one.gives}"
            for number, one in enumerate(paths().short, start=1)
        ]
        return "\n".join([*lines, "", f"Together: {_slot('path', SHORT)}."])
    if path != WHOLE:
        raise ValueError(f"no path is called {path!r}; there are {SHORT!r} and {WHOLE!r}")
    lines = ["| page | reading time | before it |", "| :-- | :-- | :-- |"]
    section = ""
    for stage in paths().whole:
        entry = titles[stage.page]
        if entry.section != section and entry.section:
            lines.append(f"| **{entry.section}** | | |")
        section = entry.section
        before = ", ".join(f"[{titles[page].title}]({page})" for page in stage.after)
        time = "to look things up" if stage.looked_up else _slot("page", stage.page)
        lines.append(f"| [{entry.title}]({stage.page}) | {time} | {before} |")
    return "\n".join([*lines, "", f"Together: {_slot('path', WHOLE)}."])


def _slot(kind: str, name: str) -> str:
    return f'<span class="minutes" data-{kind}="{escape(name)}"></span>'
