"""How to cite a page: text and BibTeX, from CITATION.cff. Nothing in it depends on when the site was built."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path

import yaml

from advlab.engine.editions import Edition


@dataclass(frozen=True)
class Work:
    """The book as CITATION.cff tells of it."""

    title: str
    authors: str
    version: str
    date: str

    @property
    def year(self) -> str:
        """The year of this version."""
        return self.date[:4]


def load(path: Path) -> Work:
    """Read CITATION.cff. Raises KeyError where a field is missing, ValueError for a date of another form."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    names = [one.get("name") or f"{one['given-names']} {one['family-names']}" for one in content["authors"]]
    date = str(content["date-released"])
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", date):
        raise ValueError(f"CITATION.cff: date-released is {date!r}, not year-month-day")
    return Work(content["title"], " and ".join(names), str(content["version"]), date)


@cache
def work(edition: Edition) -> Work:
    """The book, read once a process."""
    return load(edition.root / "CITATION.cff")


def key(package: str, page: str) -> str:
    """A page's BibTeX key: "attacks/fgsm.md" -> "advlab-attacks-fgsm"; `package` is the edition's."""
    return f"{package}-{re.sub(r'[^a-z]+', '-', page.rpartition('.')[0].lower()).strip('-')}"


def details(edition: Edition, title: str, page: str, url: str | None, *, draft: bool = False) -> str:
    """What unfolds at the end of a page. `url` is the page's address where the site's is known."""
    of = work(edition)
    version = f"Version {of.version}, {of.date}{', a draft: its numbers are not the book’s' if draft else ''}"
    whole = f"{title}. In: {of.title}" if title != of.title else of.title
    text = f"{of.authors} ({of.year}). {whole}. {version}.{f' {url}' if url else ''}"
    fields = {"author": f"{{{of.authors}}}", "title": f"{{{whole}}}", "year": of.year, "note": version}
    if url:
        fields["url"] = url
    lines = [
        f"@misc{{{key(edition.package, page)},",
        *(f"  {name:<6} = {{{value}}}," for name, value in fields.items()),
        "}",
    ]
    return (
        '\n<details class="cite-page" data-search-exclude><summary>Cite this page</summary>\n'
        f"<p>{escape(text)}</p>\n"
        f'<div class="language-bibtex highlight"><pre><code>{escape(chr(10).join(lines))}\n</code></pre></div>\n'
        "</details>\n"
    )
