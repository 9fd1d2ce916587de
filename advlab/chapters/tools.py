"""The page on tools: the purpose and upkeep of the field's libraries, and our names beside theirs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from advlab.engine.cache.profile import Profile
from advlab.engine.chapter import Table, measurement, table

LISTED = Path(__file__).with_name("tools.yml")

Result = dict[str, Any]


@measurement
def listed(profile: Profile) -> Result:
    """The content of `chapters/tools.yml`, with dates as text. Nothing is measured."""
    content = yaml.load(LISTED.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    return dict(content)


def empty(text: str) -> bool:
    """Whether a cell of the file is marked as empty."""
    return text in ("null", "none", "")


@table(listed)
def libraries(result: Result) -> Table:
    """Each library: its purpose, its last release and the last change seen."""
    rows = [
        [
            f"[{one['name']}]({one['url']})",
            one["for"],
            "–" if empty(one["release"]) else one["release"],
            "–" if empty(one["released"]) else one["released"],
            one["changed"],
            one["licence"],
        ]
        for one in sorted(result["libraries"], key=lambda one: one["changed"], reverse=True)
    ]
    return Table(
        ["library", "what it is for", "release", "of", "last change", "licence"],
        rows,
        f"The one changed last comes first. Read in the repositories on {result['seen']}: the last release "
        "with its date where it has one, and the last commit on the main branch.",
        "llllll",
    )


def breakable(name: str) -> str:
    """A name as code that breaks in a narrow column between its words, not within them."""
    return f'<code class="words">{re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=_)", "<wbr>", name)}</code>'


@table(listed)
def names(result: Result) -> Table:
    """Our attacks and their names in other libraries."""
    columns = result["names"]["columns"]
    rows = [
        [breakable(ours), *("–" if empty(theirs) else breakable(theirs) for theirs in row)]
        for ours, row in result["names"]["rows"].items()
    ]
    return Table(
        ["advlab", *columns],
        rows,
        f"The same attack in each library, as of {result['seen']}. A dash: none that we found under a name of its own. "
        "Defaults differ: steps, step length and random start have to be set to be compared.",
        "l" * (1 + len(columns)),
    )
