"""The claims of the article that this book tests: one data file, shown as one table that a reader can filter."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import yaml

from advlab.engine.chapter import fragment

FILE = Path(__file__).with_name("article.yml")
#: The verdicts that a claim may get, in the order of the filter, with the class of each chip (docs/assets/book.css).
VERDICTS = {
    "holds": "right",
    "half right": "partly",
    "wrong": "wrong",
    "unsupported": "open",
    "cannot be checked": "open",
}
#: The longest quotation, in words.
WORDS = 25


@dataclass(frozen=True)
class Claim:
    """One claim: the article's words, the verdict, and the page of this book that shows it ("" where there is none)."""

    about: str
    says: str
    verdict: str
    found: str
    page: str = ""


def load(path: Path = FILE) -> tuple[Claim, ...]:
    """Claims read from `path` and checked.

    Raises:
        ValueError: a verdict is not in the list, a quotation is too long or occurs twice, or `found` is empty or would
            break out of its cell.
        TypeError: a claim has an unknown field, or lacks one.
    """
    claims: list[Claim] = []
    for group in yaml.safe_load(path.read_text(encoding="utf-8")):
        claims += [_checked(group["about"], entry) for entry in group["claims"]]
    twice = [says for says, times in Counter(claim.says for claim in claims).items() if times > 1]
    if twice:
        raise ValueError(f"article: {twice[0]!r} stands twice")
    return tuple(claims)


def _checked(about: str, entry: dict[str, Any]) -> Claim:
    claim = Claim(about=about, **entry)
    name = f"article: {claim.says!r}"
    if claim.verdict not in VERDICTS:
        raise ValueError(f"{name}: the verdict {claim.verdict!r} is none of {', '.join(VERDICTS)}")
    if len(claim.says.split()) > WORDS:
        raise ValueError(f"{name}: a quotation has at most {WORDS} words")
    if not claim.found.strip() or "|" in claim.found + claim.says or "\n" in claim.found:
        raise ValueError(f"{name}: `found` is one line of a table: not empty, no '|', no line break")
    return claim


@fragment()
def verdicts() -> str:
    """The claims as a table, in the box that docs/assets/filter.js drives; the page binds its numbers and links."""
    rows = []
    for claim in _claims():
        quotation = f'<q class="quote">{escape(claim.says)}</q>'
        chip = f'<span class="chip {VERDICTS[claim.verdict]}">{claim.verdict}</span>'
        shown_on = f'<< link("{claim.page}") >>' if claim.page else "–"
        rows.append(f"| {quotation} | {chip} | {claim.found} | {shown_on} |")
    head = ["| The article says | Verdict | Found | Shown on |", "| :-- | :-- | :-- | :-- |"]
    return '<div class="filtered" data-filter markdown="1">\n\n' + "\n".join([*head, *rows]) + "\n\n</div>"


@fragment()
def counts() -> str:
    """The number of claims for each verdict, in words for a sentence: "15 claims, 12 hold, and 3 are wrong"."""
    number = Counter(claim.verdict for claim in _claims())
    verbs = {"holds": "hold", "half right": "are half right", "wrong": "are wrong", "unsupported": "are unsupported"}
    parts = [f"{number[verdict]} {verbs.get(verdict, verdict)}" for verdict in VERDICTS]
    return f"{len(_claims())} claims, {', '.join(parts[:-1])}, and {parts[-1]}"


@cache
def _claims() -> tuple[Claim, ...]:
    return load()
