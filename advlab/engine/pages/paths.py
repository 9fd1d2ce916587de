"""Ways through the book: two paths, and what a page asks one to have read."""

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


def load(path: Path, pages: tuple[str, ...]) -> Paths:
    """Read the paths and check them against the pages of the navigation.

    Raises:
        ValueError: a page of the navigation stands in the whole book not once, or in another order than there; a page
            of the paths is in no navigation; something is to be read before a page and comes after it.
        TypeError: an entry has an unknown field.
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
                f"{page} is in the navigation (mkdocs.yml) and not on the path {WHOLE!r}: add it to "
                f"{path.name}, at its place in the navigation, with the pages to know before it"
            )
    for page in [*stages, *(station.file for station in short)]:
        if page not in pages:
            raise ValueError(f"{page} is on a path ({path.name}) and not in the navigation (mkdocs.yml)")
    if doubled := sorted({page for page in stages if stages.count(page) > 1}):
        raise ValueError(f"on the path {WHOLE!r} more than once ({path.name}): {', '.join(doubled)}")
    if stages != list(pages):
        page = next(page for page, other in zip(stages, pages, strict=True) if page != other)
        raise ValueError(
            f"{page} stands elsewhere on the path {WHOLE!r} ({path.name}) than in the navigation (mkdocs.yml): "
            '"next" at the foot of a page must lead along the path'
        )
    for number, stage in enumerate(whole):
        for before in stage.after:
            if before not in stages[:number]:
                raise ValueError(f"{stage.page} asks for {before}, which does not come before it ({path.name})")


@cache
def paths(edition: Edition) -> Paths:
    """The paths of a book, read once a process."""
    return load(edition.paths, tuple(entry.file for entry in navigation(edition)))


def table(edition: Edition, path: str) -> str:
    """A path as Markdown ; its links are files, so that MkDocs checks them.

    Raises ValueError for an unknown path.
    """
    titles = {entry.file: entry for entry in navigation(edition)}
    if path == SHORT:
        lines = [
            f"{number}. [{one.title}]({one.page}), {_slot('page', one.page)}. {one.gives}"
            for number, one in enumerate(paths(edition).short, start=1)
        ]
        return "\n".join([*lines, "", f"Together: {_slot('path', SHORT)}."])
    if path != WHOLE:
        raise ValueError(f"no path is called {path!r}; there are {SHORT!r} and {WHOLE!r}")
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
