"""Snippets by task: every program stands under what a reader wants to do, and the page links to where it is shown."""

import pytest

from advlab.edition import EDITION
from advlab.engine.pages import macros, snippet_index
from tests.blocks import ROOT

INDEX = "Attack:\n  - a/one.py: It attacks.\n  - a/two.sh: It calls.\nDefend:\n  - b/three.yml: It guards.\n"


@pytest.fixture
def folder(tmp_path):
    for name in ("a/one.py", "a/two.sh", "b/three.yml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    return tmp_path


def test_a_sound_index_is_read(folder):
    (folder / "index.yml").write_text(INDEX)
    attack, defend = snippet_index.load(folder)
    assert attack.task == "Attack"
    assert attack.programs[0] == snippet_index.Program("a/one.py", "It attacks.")
    assert defend.programs[0].file == "b/three.yml"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            ("Defend:\n  - b/three.yml: It guards.\n", ""),
            r"under no task: b/three\.yml\. Add each to snippets/index\.yml",
        ),
        (("a/one.py", "a/four.py"), r"no program 'a/four\.py' \(under 'Attack'\)"),
        (("a/two.sh", "a/one.py"), r"a/one\.py occurs twice under 'Attack'"),
        ((" It calls.", ""), r"a/two\.sh has no description"),
        (("Defend:\n", "Idle:\nDefend:\n"), "no program under Idle"),
    ],
)
def test_a_broken_index_is_refused(folder, change, said):
    (folder / "index.yml").write_text(INDEX.replace(*change))
    with pytest.raises(ValueError, match=said):
        snippet_index.load(folder)


def test_the_books_own_index_holds():
    found = snippet_index.load(EDITION.snippets)
    wanted = {"Attack my model", "Train a robust model", "Certify", "Write a report", "Gate a release"}
    assert wanted <= {task.task for task in found}


def test_the_page_links_every_program_to_the_page_that_shows_it():
    shown = macros._pages_of_programs(EDITION)
    text = snippet_index.page(EDITION, shown)
    for name in snippet_index.files(ROOT / "snippets"):
        page, title = shown[name]
        assert f"[{title}]({page}), `snippets/{name}`" in text
        if page.endswith(".md"):
            assert name in (ROOT / "docs" / page).read_text(encoding="utf-8")
