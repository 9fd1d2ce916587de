"""How long a page takes to read, in slots that are filled once every page is rendered."""

from __future__ import annotations

import math
import re
from html import escape, unescape

from advlab.engine.editions import Edition
from advlab.engine.pages.navigation import navigation
from advlab.engine.pages.paths import SHORT, paths

#: A choice, and a slow one: the text is technical. Words of code and of tables count, and a formula counts as one.
WORDS_A_MINUTE = 180

_SLOT = re.compile(r'<span class="minutes" data-(page|path)="([^"]+)"></span>')
_HEADING = re.compile(r'<h([1-6])[^>]*\bid="([^"]+)"')
#: What nobody reads from start to end: scripts, what unfolds, and one of the two schemes' pictures is not text anyhow.
_UNREAD = re.compile(r"<(?P<tag>script|style|details|svg)\b.*?</(?P=tag)>", re.DOTALL)
_FORMULA = re.compile(r"<math\b.*?</math>", re.DOTALL)


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


def _total(edition: Edition, contents: dict[str, str], path: str) -> int:
    if path == SHORT:
        return sum(minutes(part(contents, station.page)) for station in paths(edition).short)
    return sum(minutes(contents[stage.page]) for stage in paths(edition).whole if not stage.looked_up)


def timed(edition: Edition, html: str, contents: dict[str, str]) -> str:
    """A page with the slots for minutes filled in; `contents` is the HTML of every page, by file."""

    def fill(match: re.Match[str]) -> str:
        name = unescape(match[2])
        return spoken(minutes(part(contents, name)) if match[1] == "page" else _total(edition, contents, name))

    return _SLOT.sub(fill, html)


def spoken(number: int) -> str:
    """Minutes in words and digits; hours where there are several."""
    if number >= 120:
        return f"about {round(number / 60)} hours"
    return "a minute" if number == 1 else f"about {number} minutes"


def below_the_title(edition: Edition, html: str, page: str, to: dict[str, str]) -> str:
    """A page with one line under its title: how long it takes, and what to read before it.

    `to` gives, by file, the address of every page as this one links it.
    """
    stage = paths(edition).stage(page)
    if stage is None:
        return html
    said = "To look things up" if stage.looked_up else f"Reading time: {spoken(minutes(html))}"
    titles = {entry.file: entry.title for entry in navigation(edition)}
    links = ", ".join(f'<a href="{escape(to[before])}">{escape(titles[before])}</a>' for before in stage.after)
    before = f" · Before it: {links}" if links else ""
    line = f'<p class="reading" data-search-exclude>{said}{before}</p>'
    head, end, rest = html.partition("</h1>")
    return f"{head}{end}\n{line}{rest}" if end else f"{line}\n{html}"
