"""Reading times, filled into placeholders once all pages are rendered."""

from __future__ import annotations

import math
import re
from html import escape, unescape

from advlab.engine.editions import Edition
from advlab.engine.pages.navigation import navigation
from advlab.engine.pages.paths import SHORT, paths

#: A deliberately low choice, as the text is technical. Words in code and tables count; a formula counts as one word.
WORDS_A_MINUTE = 180

_SLOT = re.compile(r'<span class="minutes" data-(page|path)="([^"]+)"></span>')
_HEADING = re.compile(r'<h([1-6])[^>]*\bid="([^"]+)"')
#: Elements that readers do not read through: scripts, styles, folded sections and pictures.
_UNREAD = re.compile(r"<(?P<tag>script|style|details|svg)\b.*?</(?P=tag)>", re.DOTALL)
_FORMULA = re.compile(r"<math\b.*?</math>", re.DOTALL)


def words(html: str) -> int:
    """Count the words to read in HTML; a formula counts as one word."""
    text = re.sub(r"<[^>]*>", " ", _FORMULA.sub(" formula ", _UNREAD.sub(" ", html)))
    return sum(any(character.isalnum() for character in word) for word in unescape(text).split())


def minutes(html: str) -> int:
    """Return the reading time of HTML in whole minutes, at least one."""
    return max(1, math.ceil(words(html) / WORDS_A_MINUTE))


def section(html: str, anchor: str) -> str:
    """Return the section of a page with this anchor; for the anchor of the title, the text before the first section.

    Args:
        html: the HTML of the page.
        anchor: identifier of the heading; the section ends at the next heading of the same or a higher level.

    Raises:
        KeyError: there is no such heading.
    """
    headings = [(match.start(), int(match[1]), match[2]) for match in _HEADING.finditer(html)]
    for number, (start, rank, name) in enumerate(headings):
        if name == anchor:
            later = (place for place, other, _ in headings[number + 1 :] if other <= max(rank, 2))
            return html[start : next(later, len(html))]
    raise KeyError(f"no heading {anchor!r}")


def part(contents: dict[str, str], page: str) -> str:
    """Return the HTML of "page.md", or of one section of it ("page.md#anchor").

    Args:
        contents: HTML of every page, by file.
        page: file of the page, optionally with an anchor.

    Raises:
        KeyError: there is no such page or heading.
    """
    file, _, anchor = page.partition("#")
    return section(contents[file], anchor) if anchor else contents[file]


def _total(edition: Edition, contents: dict[str, str], path: str) -> int:
    if path == SHORT:
        return sum(minutes(part(contents, station.page)) for station in paths(edition).short)
    return sum(minutes(contents[stage.page]) for stage in paths(edition).whole if not stage.looked_up)


def timed(edition: Edition, html: str, contents: dict[str, str]) -> str:
    """Fill the reading times into the placeholders of a page.

    Args:
        edition: the edition of the page.
        html: HTML of the page.
        contents: HTML of every page, by file.

    Raises:
        KeyError: a placeholder or path names an unknown page or heading.
    """

    def fill(match: re.Match[str]) -> str:
        name = unescape(match[2])
        return spoken(minutes(part(contents, name)) if match[1] == "page" else _total(edition, contents, name))

    return _SLOT.sub(fill, html)


def spoken(number: int) -> str:
    """Format a number of minutes in words; from 120 on, in hours."""
    if number >= 120:
        return f"about {round(number / 60)} hours"
    return "a minute" if number == 1 else f"about {number} minutes"


def below_the_title(edition: Edition, html: str, page: str, to: dict[str, str]) -> str:
    """Add a line below the title of a page with its reading time and the pages to read before it.

    Args:
        edition: the edition of the page.
        html: HTML of the page.
        page: file of the page; one that is on no path gets no line.
        to: relative address of every page from this one, by file.

    Raises:
        KeyError: `to` or the navigation lacks a page.
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
