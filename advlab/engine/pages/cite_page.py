"""How to cite a page: text and BibTeX from CITATION.cff, independent of when the site was built."""

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
    """The book as described in CITATION.cff; `date` is the release date, year-month-day."""

    title: str
    authors: str
    version: str
    date: str

    @property
    def year(self) -> str:
        """The year of this version."""
        return self.date[:4]


def load(path: Path) -> Work:
    """Read CITATION.cff.

    Raises:
        KeyError: a field is missing.
        ValueError: the release date is not in the form year-month-day.
        OSError: the file cannot be read.
    """
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    names = [one.get("name") or f"{one['given-names']} {one['family-names']}" for one in content["authors"]]
    date = str(content["date-released"])
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", date):
        raise ValueError(f"CITATION.cff: date-released is {date!r}, not year-month-day")
    return Work(content["title"], " and ".join(names), str(content["version"]), date)


@cache
def work(edition: Edition) -> Work:
    """Return the book's citation data, read once per process.

    Raises:
        KeyError, ValueError, OSError: as for `load`.
    """
    return load(edition.root / "CITATION.cff")


def key(package: str, page: str) -> str:
    """Return the BibTeX key of a page: "attacks/fgsm.md" -> "advlab-attacks-fgsm".

    Args:
        package: name of the edition's package.
        page: file of the page in docs/.
    """
    return f"{package}-{re.sub(r'[^a-z]+', '-', page.rpartition('.')[0].lower()).strip('-')}"


def details(edition: Edition, title: str, page: str, url: str | None, *, draft: bool = False) -> str:
    """Return the HTML of the section "Cite this page", which readers can unfold at the end of a page.

    Args:
        edition: the edition to cite.
        title: title of the page.
        page: file of the page in docs/.
        url: absolute address of the page; None if the address of the site is unknown.
        draft: whether to mark the citation as that of a draft.

    Raises:
        KeyError, ValueError, OSError: CITATION.cff is wrong or missing; as for `load`.
    """
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
