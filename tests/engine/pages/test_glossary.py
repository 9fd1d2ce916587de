"""One source for the glossary page and the tooltips."""

import re

import markdown
import pytest

from advlab.edition import EDITION
from advlab.engine.pages import glossary


def test_the_book_s_own_glossary():
    terms = glossary.load(EDITION.glossary)
    assert {"FGSM", "threat model", "pixel units"} <= {term.term for term in terms}
    assert len({term.anchor for term in terms}) == len(terms)
    for term in terms:
        assert not re.search(r"[\d`*_$<>]", term.meaning), f"{term.term}: plain words, no digits"
        assert term.meaning.endswith(".")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("- {term: a, meaning: ' '}", ValueError),
        ("- {term: a, meaning: m}\n- {term: b, meaning: m, also: [a]}", ValueError),
        ("- {term: a, meaning: m, means: m}", TypeError),
    ],
)
def test_a_bad_entry_is_refused(tmp_path, text, error):
    path = tmp_path / "glossary.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(error):
        glossary.load(path)


def test_tooltips_stand_once_a_page_and_not_in_titles_or_code():
    source = "# FGSM\n\nFGSM, again FGSM, `FGSM` and [PGD](x.html). A white-box attack.\n"
    html = glossary.first_only(markdown.markdown(source + glossary.abbreviations(EDITION), extensions=["abbr"]))
    assert html.count("<abbr") == 2
    assert "<h1>FGSM</h1>" in html
    assert '<a href="x.html">PGD</a>' in html
    assert "<code>FGSM</code>" in html
    assert "Fast gradient sign method." in html


def test_the_page_lists_every_term_with_its_anchor():
    page = glossary.page(EDITION)
    for term in glossary.load(EDITION.glossary):
        assert f'<dt id="{term.anchor}">' in page
