"""Two reading paths through the book, and the pages to read before each page."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path

import yaml

from advlab.engine.editions import Edition
from advlab.engine.pages.navigation import navigation

SHORT, WHOLE = "fifteen minutes", "the whole book"


@dataclass(frozen=True)
class Station:
    """A stop on the short path.

    Args:
        page: file of a page, optionally with "#section".
        title: title of the link.
        gives: what the reader learns there.
    """

    page: str
    title: str
    gives: str

    @property
    def file(self) -> str:
        """File of the page, without the section."""
        return self.page.partition("#")[0]


@dataclass(frozen=True)
class Stage:
    """A page on the path through the whole book.

    Args:
        page: file of the page.
        after: pages to read before it.
        looked_up: whether it is a reference page, with no reading time.
    """

    page: str
    after: tuple[str, ...] = ()
    looked_up: bool = False


@dataclass(frozen=True)
class Paths:
    """The short path and the path through the whole book."""

    short: tuple[Station, ...]
    whole: tuple[Stage, ...]

    def stage(self, page: str) -> Stage | None:
        """Return the stage of a page on the whole path; None if the page is not on it."""
        return next((stage for stage in self.whole if stage.page == page), None)


def load(path: Path, pages: tuple[str, ...]) -> Paths:
    """Read the paths and check them against the navigation.

    Args:
        path: the data file.
        pages: files of the pages in the order of the navigation.

    Raises:
        ValueError: the whole path misses or repeats a page of the navigation or has another order; a page is not in the
            navigation; a page to be read first does not come first.
        TypeError: an entry has an unknown field, or a field is missing.
        KeyError: the file lacks a path.
        OSError: the file cannot be read.
    """
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    short = tuple(Station(**one) for one in content[SHORT])
    whole = tuple(Stage(**{**one, "after": tuple(one.get("after", ()))}) for one in content[WHOLE])
    _check(path, short, whole, pages)
    return Paths(short, whole)


def _check(path: Path, short: tuple[Station, ...], whole: tuple[Stage, ...], pages: tuple[str, ...]) -> None:
    stages = [stage.page for stage in whole]
    for page in pages:
        if page not in stages:
            raise ValueError(
                f"{page} is in the navigation (mkdocs.yml) but not on the path {WHOLE!r}: add it to "
                f"{path.name}, at its place in the navigation, with the pages to know before it"
            )
    for page in [*stages, *(station.file for station in short)]:
        if page not in pages:
            raise ValueError(f"{page} is on a path ({path.name}) but not in the navigation (mkdocs.yml)")
    if doubled := sorted({page for page in stages if stages.count(page) > 1}):
        raise ValueError(f"on the path {WHOLE!r} more than once ({path.name}): {', '.join(doubled)}")
    if stages != list(pages):
        page = next(page for page, other in zip(stages, pages, strict=True) if page != other)
        raise ValueError(
            f"{page} has another place on the path {WHOLE!r} ({path.name}) than in the navigation (mkdocs.yml): "
            '"next" at the foot of a page must lead along the path'
        )
    for number, stage in enumerate(whole):
        for before in stage.after:
            if before not in stages[:number]:
                raise ValueError(f"{stage.page} asks for {before}, which does not come before it ({path.name})")


@cache
def paths(edition: Edition) -> Paths:
    """Return the paths of a book, read once per process.

    Raises:
        ValueError, TypeError, KeyError, OSError: as for `load`.
    """
    return load(edition.paths, tuple(entry.file for entry in navigation(edition)))


def table(edition: Edition, path: str) -> str:
    """Return a path as Markdown; its links name files, so that MkDocs checks them.

    Args:
        edition: the edition of the book.
        path: name of the path.

    Raises:
        ValueError: there is no such path, or the data file is wrong.
    """
    titles = {entry.file: entry for entry in navigation(edition)}
    if path == SHORT:
        lines = [
            f"{number}. [{one.title}]({one.page}), {_slot('page', one.page)}. {one.gives}"
            for number, one in enumerate(paths(edition).short, start=1)
        ]
        return "\n".join([*lines, "", f"Together: {_slot('path', SHORT)}."])
    if path != WHOLE:
        raise ValueError(f"there is no path {path!r}; known are {SHORT!r} and {WHOLE!r}")
    lines = ["| page | reading time | before it |", "| :-- | :-- | :-- |"]
    section = ""
    for stage in paths(edition).whole:
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
