"""Paths through the book: checked against the navigation."""

import pytest
import yaml

from advlab.edition import EDITION
from advlab.engine.pages import paths
from advlab.engine.pages.navigation import navigation

PAGES = ("a.md", "b/c.md", "d.md")
SHORT = [{"page": "b/c.md#there", "title": "There", "gives": "Much."}]
WHOLE = [{"page": "a.md"}, {"page": "b/c.md", "after": ["a.md"]}, {"page": "d.md", "looked_up": True}]


def loaded(tmp_path, whole=WHOLE, short=SHORT, pages=PAGES):
    file = tmp_path / "paths.yml"
    file.write_text(yaml.safe_dump({paths.SHORT: short, paths.WHOLE: whole}))
    return paths.load(file, pages)


def test_sound_paths_are_read(tmp_path):
    paths = loaded(tmp_path)
    assert [stage.page for stage in paths.whole] == list(PAGES)
    assert paths.stage("b/c.md").after == ("a.md",)
    assert paths.stage("d.md").looked_up
    assert paths.stage("nowhere.md") is None
    assert paths.short[0].file == "b/c.md"


@pytest.mark.parametrize(
    ("whole", "short", "said"),
    [
        (WHOLE[:2], SHORT, r"d\.md is in the navigation .* add it to\s+paths\.yml"),
        ([*WHOLE, {"page": "e.md"}], SHORT, r"e\.md is on a path .* not in the navigation"),
        (WHOLE, [{"page": "e.md#x", "title": "X", "gives": "."}], r"e\.md is on a path .* not in the navigation"),
        ([*WHOLE, {"page": "a.md"}], SHORT, "more than once.*: a.md"),
        ([WHOLE[0], WHOLE[2], WHOLE[1]], SHORT, "has another place"),
        ([{"page": "a.md", "after": ["d.md"]}, *WHOLE[1:]], SHORT, "does not come before"),
        ([{"page": "a.md", "after": ["a.md"]}, *WHOLE[1:]], SHORT, "does not come before"),
    ],
)
def test_broken_paths_are_refused(tmp_path, whole, short, said):
    with pytest.raises(ValueError, match=said):
        loaded(tmp_path, whole, short)


def test_an_unknown_field_is_refused(tmp_path):
    with pytest.raises(TypeError, match="befor"):
        loaded(tmp_path, [*WHOLE[:2], {"page": "d.md", "befor": []}])


def test_the_books_own_paths_hold():
    found = paths.paths(EDITION)
    assert len(found.short) == 5
    assert len(found.whole) == len(navigation(EDITION))
