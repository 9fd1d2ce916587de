"""The glossary page and the tooltips of terms, both from one data file of the edition."""

import re
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path

import yaml

from advlab.engine.editions import Edition

ABBR = re.compile(r"<abbr\b[^>]*>(?P<text>.*?)</abbr>", re.DOTALL)
# Places where a tooltip would distract: titles, links, labels of figures and tables, formulas.
WITHOUT = re.compile(r"<(?P<tag>h[1-6]|a|figcaption|caption|th|label|summary|math)\b.*?</(?P=tag)>", re.DOTALL)


@dataclass(frozen=True)
class Term:
    """One term.

    Args:
        term: the term.
        meaning: its definition.
        also: other spellings that get the tooltip.
        quiet: whether the term is in the glossary only and gets no tooltips.
    """

    term: str
    meaning: str
    also: tuple[str, ...] = ()
    quiet: bool = False

    @property
    def anchor(self) -> str:
        """Identifier of the entry on the glossary page."""
        return re.sub(r"[^a-z]+", "-", self.term.lower()).strip("-")

    @property
    def spellings(self) -> tuple[str, ...]:
        """Every spelling that gets the tooltip."""
        return () if self.quiet else (self.term, *self.also)


def load(path: Path) -> tuple[Term, ...]:
    """Read and check a glossary.

    Raises:
        ValueError: a term has no meaning, or a spelling occurs twice.
        TypeError: a term has an unknown field, or a field is missing.
        OSError: the file cannot be read.
        yaml.YAMLError: the file is not YAML.
    """
    terms = tuple(
        Term(**{**entry, "also": tuple(entry.get("also", ()))})
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))
    )
    seen: set[str] = set()
    for term in terms:
        if not term.meaning.strip():
            raise ValueError(f"glossary: {term.term!r} has no meaning")
        for spelling in (term.term, *term.also):
            if spelling in seen:
                raise ValueError(f"glossary: {spelling!r} occurs twice")
            seen.add(spelling)
    return terms


def abbreviations(edition: Edition) -> str:
    """Return definitions for Markdown's `abbr` extension, to be appended to the Markdown of a page."""
    lines = [f"*[{spelling}]: {term.meaning}" for term in _terms(edition.glossary) for spelling in term.spellings]
    return "\n\n" + "\n".join(lines) + "\n"


def first_only(html: str) -> str:
    """Keep only the first tooltip of each spelling on a page, and none in titles, links and captions."""
    html = WITHOUT.sub(lambda match: ABBR.sub(lambda abbr: abbr["text"], match.group()), html)
    seen: set[str] = set()

    def keep(match: re.Match[str]) -> str:
        word = match["text"].casefold()
        if word in seen:
            return match["text"]
        seen.add(word)
        return match.group()

    return ABBR.sub(keep, html)


def page(edition: Edition) -> str:
    """Return the glossary as HTML for a Markdown page: a definition list with an anchor for each term."""
    items = [
        f'<dt id="{term.anchor}">{escape(term.term)}</dt>\n<dd>{escape(term.meaning)}</dd>'
        for term in sorted(_terms(edition.glossary), key=lambda term: term.term.casefold())
    ]
    return "\n".join(['<dl class="glossary">', *items, "</dl>"])


@cache
def _terms(path: Path) -> tuple[Term, ...]:
    return load(path)
