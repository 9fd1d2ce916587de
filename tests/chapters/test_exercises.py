"""The page on exercises: its table names each grader, and the page that it sends a reader to sets that exercise."""

from advlab.chapters import exercises
from advlab.engine.cache.profile import DRAFT
from advlab.grading import names
from tests.blocks import DOCS


def test_every_grader_has_a_row_and_a_page_that_sets_it() -> None:
    shown = exercises.listed.function(exercises.graders.function(DRAFT))
    assert [row[0].strip("`") for row in shown.rows] == names()
    for name, row in zip(names(), shown.rows, strict=True):
        title, page = exercises.PAGES[name]
        assert row[3] == f"[{title}]({page})"
        source = (DOCS / page).read_text()
        assert f"`advlab check {name} FILE`" in source
        assert f'title: "{title}"' in source or f"title: {title}\n" in source
        assert int(row[2]) >= 5
