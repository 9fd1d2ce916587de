"""The pages of this book keep its laws, and nothing that was made for a page lies unused."""

import re
from pathlib import Path

import pytest

from advlab.edition import EDITION
from advlab.engine import snippets
from advlab.engine.pages import laws, rendering
from advlab.engine.pages.grammar import includes
from tests.blocks import DOCS, LANGUAGES, PAGES, ROOT, book, url

ALL = sorted(DOCS.rglob("*.md"))


def unused(sources: dict[str, list[str]], included: set[tuple[str, str | None]]) -> list[str]:
    """Programs that no page includes, and sections that neither a page nor a whole inclusion shows."""
    found = []
    for name, sections in sources.items():
        if (name, None) in included:
            continue
        shown = {section for file, section in included if file == name}
        found += [f"{name}:{section}" for section in sections if section not in shown]
        found += [name] if not shown else []
    return found


def test_there_are_pages() -> None:
    assert len(ALL) >= 8


@pytest.mark.parametrize("page", ALL, ids=lambda page: page.relative_to(DOCS).as_posix())
def test_nothing_is_typed(page: Path) -> None:
    assert [str(breach) for breach in laws.breaches(page.read_text(), EDITION)] == []


@pytest.mark.parametrize("page", ALL, ids=lambda page: page.relative_to(DOCS).as_posix())
def test_sybil_collects_every_fence(page: Path) -> None:
    """Counted by another rule than Sybil's: lines that open a fence, in the text that MkDocs renders."""
    text = rendering.rendered(re.sub(r"\A---\n.*?\n---\n", "", page.read_text(), flags=re.DOTALL), url(page), book())
    marks = re.findall(r"^ *(?:`{3,}|~{3,})", text, flags=re.MULTILINE)
    assert len(marks) % 2 == 0
    assert len(list(PAGES.parse(page))) == len(marks) // 2


def test_no_program_and_no_section_lies_unused() -> None:
    names = [
        *snippets.names(EDITION),
        *(p.relative_to(EDITION.snippets).as_posix() for p in EDITION.snippets.rglob("*.sh")),
    ]
    sources = {name: snippets.sections((EDITION.snippets / name).read_text()) for name in names}
    included = {one for page in ALL for one in includes(page.read_text())}
    assert unused(sources, included) == []


def test_the_search_for_unused_sections_finds_them() -> None:
    sources = {"a.py": ["one", "two"], "b.py": [], "c.py": ["three"]}
    assert unused(sources, {("a.py", "one"), ("c.py", None)}) == ["a.py:two", "b.py"]


@pytest.mark.parametrize("kind", ["figure", "slider", "table", "claim", "fragment"])
def test_everything_drawn_or_claimed_is_on_a_page(kind: str) -> None:
    texts = "\n".join(page.read_text() for page in ALL)
    assert [name for name in book().content.get(f"{kind}s", {}) if f'{kind}("{name}"' not in texts] == []


def test_every_file_of_snippets_has_a_language_that_is_run_or_parsed() -> None:
    endings = {"python": ".py", "bash": ".sh", "yaml": ".yml", "toml": ".toml"}
    assert set(endings) == set(LANGUAGES) - {"text"}
    files = [path for path in (ROOT / "snippets").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert {path.suffix for path in files} <= set(endings.values())


@pytest.mark.parametrize("page", [*ALL, ROOT / "README.md"], ids=lambda page: page.name)
def test_files_that_the_text_names_are_there(page: Path) -> None:
    """Paths in code spans; `mine` and `NAME` stand for a page of the reader."""
    named = re.findall(r"`((?:advlab|snippets|tests|docs)/[\w./]*)`", page.read_text(encoding="utf-8"))
    assert [
        name for name in named if not (ROOT / name).exists() and not {"mine", "NAME"} & set(re.split(r"[/.]", name))
    ] == []
