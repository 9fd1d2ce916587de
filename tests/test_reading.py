"""Paths through the book: checked against the navigation, and times from the words that a reader meets."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from advlab import reading

PAGES = ("a.md", "b/c.md", "d.md")
SHORT = [{"page": "b/c.md#there", "title": "There", "gives": "Much."}]
WHOLE = [{"page": "a.md"}, {"page": "b/c.md", "after": ["a.md"]}, {"page": "d.md", "looked_up": True}]


def loaded(tmp_path, whole=WHOLE, short=SHORT, pages=PAGES):
    file = tmp_path / "paths.yml"
    file.write_text(yaml.safe_dump({reading.SHORT: short, reading.WHOLE: whole}))
    return reading.load(file, pages)


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
        (WHOLE[:2], SHORT, r"d\.md is in the navigation .* add it to\s+advlab/paths\.yml"),
        ([*WHOLE, {"page": "e.md"}], SHORT, r"e\.md is on a path .* not in the navigation"),
        (WHOLE, [{"page": "e.md#x", "title": "X", "gives": "."}], r"e\.md is on a path .* not in the navigation"),
        ([*WHOLE, {"page": "a.md"}], SHORT, "more than once.*: a.md"),
        ([WHOLE[0], WHOLE[2], WHOLE[1]], SHORT, "stands elsewhere"),
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
    paths = reading.load()
    assert len(paths.short) == 5
    assert len(paths.whole) == len(reading.navigation())


def test_what_is_counted():
    html = "<h2>Two words</h2><p>and <b>two</b> — <math><mi>x</mi><mo>+</mo><mi>y</mi></math></p>"
    assert reading.words(html) == 5, "a formula is one word, a dash is none"
    assert reading.words(f"{html}<script>not this</script><details><p>nor this</p></details>") == 5
    assert reading.words("caf&eacute; &amp; tea") == 2


@given(st.lists(st.text("abcdef0", min_size=1, max_size=9), max_size=600))
def test_words_are_counted_whatever_marks_them_up(found):
    plain, marked = " ".join(found), "".join(f"<i>{word}</i>\n" for word in found)
    assert reading.words(plain) == reading.words(marked) == len(found)
    assert reading.minutes(plain) >= max(1, len(found) / reading.WORDS_A_MINUTE)
    assert reading.minutes(plain) < len(found) / reading.WORDS_A_MINUTE + 1 or len(found) == 0


def test_a_section_ends_where_the_next_of_its_rank_begins():
    html = '<h1 id="t">T</h1>one<h2 id="a">A</h2>two<h3 id="b">B</h3>three<h2 id="c">C</h2>four'
    assert reading.section(html, "a") == '<h2 id="a">A</h2>two<h3 id="b">B</h3>three'
    assert reading.section(html, "b") == '<h3 id="b">B</h3>three'
    assert reading.section(html, "c") == '<h2 id="c">C</h2>four'
    assert reading.section(html, "t") == '<h1 id="t">T</h1>one', "of a title: what stands before the first section"
    with pytest.raises(KeyError, match="nowhere"):
        reading.section(html, "nowhere")


@pytest.mark.parametrize(("minutes", "words"), [(1, "a minute"), (9, "about 9 minutes"), (300, "about 5 hours")])
def test_times_in_words(minutes, words):
    assert reading.spoken(minutes) == words


def test_the_line_under_a_title_names_time_and_what_comes_before():
    to = {entry.file: f"../{entry.file}" for entry in reading.navigation()}
    text = "word " * (3 * reading.WORDS_A_MINUTE - 10)
    html = reading.below_the_title(f"<h1>One</h1><p>{text}</p>", "attacks/fgsm.md", to)
    assert html.startswith('<h1>One</h1>\n<p class="reading" data-search-exclude>Reading time: about 3 minutes')
    assert 'Before it: <a href="../model.md">The model</a></p>' in html
    assert "To look things up" in reading.below_the_title("<h1>One</h1>", "glossary.md", to)
    assert reading.below_the_title("<p>x</p>", "nowhere.md", to) == "<p>x</p>"


def test_every_page_of_a_path_gets_its_time():
    contents = {entry.file: f"<p>{'word ' * 1000}</p>" for entry in reading.navigation()}
    for station in reading.paths().short:
        if anchor := station.page.partition("#")[2]:
            contents[station.file] += f'<h2 id="{anchor}">x</h2><p>{"word " * 100}</p>'
    for path in (reading.SHORT, reading.WHOLE):
        filled = reading.timed(reading.table(path), contents)
        assert 'class="minutes"' not in filled
        assert "minute" in filled
    with pytest.raises(ValueError, match="no path"):
        reading.table("the scenic route")
