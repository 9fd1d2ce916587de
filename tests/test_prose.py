"""The programs that read the prose: pinned, from nowhere in particular; and their list of words is kept in order."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
WORDS = (ROOT / ".ci" / "words.txt").read_text(encoding="utf-8").split("\n")[:-1]
PROSE = [
    *ROOT.glob("docs/**/*.md"),
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "snippets/index.yml")),
    *(ROOT / "advlab" / "chapters" / name for name in ("glossary.yml", "paths.yml")),
]


def test_words_stand_in_order_and_once():
    assert sorted(set(WORDS)) == WORDS
    assert all(word == word.casefold().strip() for word in WORDS)


def test_every_word_is_used():
    text = "\n".join(path.read_text(encoding="utf-8") for path in PROSE).casefold()
    assert [word for word in WORDS if word not in text] == []


def test_make_prose_reads_all_of_it():
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8")
    for name in ("docs/**/*.md", "README.md", "CHANGELOG.md", "advlab/chapters/glossary.yml", "snippets/index.yml"):
        assert name in recipe
    assert "make prose" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


@pytest.mark.parametrize("folder", [".ci", ".ci/lighthouse"])
def test_versions_are_pinned_and_no_registry_is_named(folder):
    wanted = json.loads((ROOT / folder / "package.json").read_text())["devDependencies"]
    locked = json.loads((ROOT / folder / "package-lock.json").read_text())["packages"]
    for name, version in wanted.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), name
        assert locked[f"node_modules/{name}"]["version"] == version
    assert [name for name, one in locked.items() if "resolved" in one] == []
    assert [name for name, one in locked.items() if name and "integrity" not in one] == []
