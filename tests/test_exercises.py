"""Each page ends with three exercises, in one form; what they tell a reader to run exists."""

import re
from pathlib import Path

import pytest

from advlab.grading import names
from tests.blocks import DOCS

#: Pages that teach nothing of their own: lists, rights, ways through the book, and the page on exercises itself.
WITHOUT = {
    "index.md",
    "bibliography.md",
    "glossary.md",
    "licence.md",
    "reference/api.md",
    "exercises.md",
    "paths.md",
    "snippets.md",
    "checklist.md",
    "404.md",
}
ALL = sorted(DOCS.rglob("*.md"))
PAGES = [page for page in ALL if page.relative_to(DOCS).as_posix() not in WITHOUT]
LEVELS = ("**To begin.** ", "**To build.** ", "**To think on.** ")


def named(page: Path) -> str:
    return page.relative_to(DOCS).as_posix()


def exercises(source: str) -> list[str]:
    """The items of the section, in order. Raises ValueError for a section that is not one list of items."""
    (section,) = re.findall(r"(?ms)^## Exercises\n\n(.*?)\n+(?=^## )", source)
    items = re.split(r"(?m)^\d\. ", section)
    if items[0]:
        raise ValueError(f"before the list stands {items[0]!r}")
    return [item.strip() for item in items[1:]]


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_a_page_ends_with_three_exercises(page: Path) -> None:
    source = page.read_text()
    headings = re.findall(r"(?m)^## (.*)$", source)
    assert headings[-2:] == ["Exercises", "Read next"]
    found = exercises(source)
    assert len(found) == len(LEVELS)
    for item, level in zip(found, LEVELS, strict=True):
        assert item.startswith(level)
        assert len(item.removeprefix(level).split()) >= 12


def test_no_exercise_is_set_twice() -> None:
    every = [item.partition("** ")[2] for page in PAGES for item in exercises(page.read_text())]
    assert len(set(every)) == len(every)


def test_each_check_that_a_page_names_exists_and_each_that_exists_is_named() -> None:
    asked = [(named(page), name) for page in ALL for name in re.findall(r"`advlab check (\w+) FILE`", page.read_text())]
    assert asked
    assert [(page, name) for page, name in asked if name not in names()] == []
    assert set(names()) <= {name for _, name in asked}


def test_a_command_has_the_form_that_the_test_above_finds() -> None:
    for page in ALL:
        for words in re.findall(r"`(advlab check [^`]*)`", page.read_text()):
            assert re.fullmatch(r"advlab check (\w+ FILE|--list|--template NAME)", words), (page, words)


@pytest.mark.parametrize("kind", ["two items", "no level", "prose before"])
def test_the_form_is_asked_for(kind: str) -> None:
    items = [f"{number}. {level}Do this." for number, level in enumerate(LEVELS, start=1)]
    page = "# A\n\n## Exercises\n\n" + "\n".join(items) + "\n\n## Read next\n\nB.\n"
    assert [item.startswith(level) for item, level in zip(exercises(page), LEVELS, strict=True)] == [True] * 3
    if kind == "two items":
        assert len(exercises(page.replace(f"3. {LEVELS[2]}Do this.\n", ""))) == 2
    elif kind == "no level":
        assert not exercises(page.replace("**To begin.** ", ""))[0].startswith(LEVELS[0])
    else:
        with pytest.raises(ValueError, match="before the list"):
            exercises(page.replace("1. **", "Try these.\n\n1. **"))
