"""The page that tells how the site is made: its programs, and the same page for two builds of one store."""

import re
from pathlib import Path

import pytest

from advlab.edition import EDITION
from advlab.engine.cache.encoding import to_bytes
from advlab.engine.cache.profile import DRAFT
from advlab.engine.chapter import Drawing
from advlab.engine.pages.grammar import includes

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "making.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def chapter():
    """What the page's example of a chapter defines."""
    namespace = {"__name__": "example"}
    text = (EDITION.snippets / "making" / "chapter.py").read_text(encoding="utf-8")
    exec(compile(text, "chapter.py", "exec", dont_inherit=True), namespace)
    return namespace


def test_the_example_measures_what_it_says(chapter):
    result = chapter["black"].function(DRAFT)
    assert result["images"] == DRAFT.test_images
    assert 0.75 < result["share"] < 0.85  # of MNIST's pixels about four in five are entirely black
    assert to_bytes(result)


@pytest.mark.parametrize(("share", "holds"), [(0.8, True), (0.5, False), (0.2, False)])
def test_the_example_s_claim_can_fail(chapter, share, holds):
    assert chapter["mostly_black"]({"share": share}) is holds


def test_the_example_draws(chapter):
    from advlab.chapters.shared import style

    for scheme in ("light", "dark"):
        with style.scheme(scheme):
            drawn = chapter["bar"]({"share": 0.8, "images": 5})
            assert isinstance(drawn, Drawing)
            assert "80%" in drawn.alt
            assert style.save(drawn.figure).startswith(b"<?xml")


def test_every_file_that_the_page_names_is_there():
    named = set(re.findall(r"`((?:advlab|tests|snippets|\.ci)/[\w./-]*)`", PAGE))
    assert len(named) > 10
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_every_target_that_the_page_names_is_in_the_makefile():
    targets = set(re.findall(r"`make ([a-z-]+)`", PAGE))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert {"site", "draft", "full", "serve", "test", "fresh", "benchmark"} <= targets
    assert [target for target in targets if not re.search(rf"(?m)^{target}:", makefile)] == []


def test_every_program_of_the_page_is_shown_there():
    shown = {name for name, _ in includes(PAGE)}
    there = {path.relative_to(EDITION.snippets).as_posix() for path in (EDITION.snippets / "making").iterdir()}
    assert shown == there
