"""Times to read, from the words that a reader meets, and the line under a title that tells them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advlab.edition import EDITION
from advlab.engine.pages import paths, reading_time
from advlab.engine.pages.navigation import navigation


def test_what_is_counted():
    html = "<h2>Two words</h2><p>and <b>two</b> — <math><mi>x</mi><mo>+</mo><mi>y</mi></math></p>"
    assert reading_time.words(html) == 5, "a formula is one word, a dash is none"
    assert reading_time.words(f"{html}<script>not this</script><details><p>nor this</p></details>") == 5
    assert reading_time.words("caf&eacute; &amp; tea") == 2


@given(st.lists(st.text("abcdef0", min_size=1, max_size=9), max_size=600))
def test_words_are_counted_whatever_marks_them_up(found):
    plain, marked = " ".join(found), "".join(f"<i>{word}</i>\n" for word in found)
    assert reading_time.words(plain) == reading_time.words(marked) == len(found)
    assert reading_time.minutes(plain) >= max(1, len(found) / reading_time.WORDS_A_MINUTE)
    assert reading_time.minutes(plain) < len(found) / reading_time.WORDS_A_MINUTE + 1 or len(found) == 0


def test_a_section_ends_where_the_next_of_its_rank_begins():
    html = '<h1 id="t">T</h1>one<h2 id="a">A</h2>two<h3 id="b">B</h3>three<h2 id="c">C</h2>four'
    assert reading_time.section(html, "a") == '<h2 id="a">A</h2>two<h3 id="b">B</h3>three'
    assert reading_time.section(html, "b") == '<h3 id="b">B</h3>three'
    assert reading_time.section(html, "c") == '<h2 id="c">C</h2>four'
    assert reading_time.section(html, "t") == '<h1 id="t">T</h1>one', "of a title: what stands before the first section"
    with pytest.raises(KeyError, match="nowhere"):
        reading_time.section(html, "nowhere")


@pytest.mark.parametrize(("minutes", "words"), [(1, "a minute"), (9, "about 9 minutes"), (300, "about 5 hours")])
def test_times_in_words(minutes, words):
    assert reading_time.spoken(minutes) == words


def test_the_line_under_a_title_names_time_and_what_comes_before():
    to = {entry.file: f"../{entry.file}" for entry in navigation(EDITION)}
    text = "word " * (3 * reading_time.WORDS_A_MINUTE - 10)
    html = reading_time.below_the_title(EDITION, f"<h1>One</h1><p>{text}</p>", "attacks/fgsm.md", to)
    assert html.startswith('<h1>One</h1>\n<p class="reading" data-search-exclude>Reading time: about 3 minutes')
    assert 'Before it: <a href="../model.md">The model</a></p>' in html
    assert "To look things up" in reading_time.below_the_title(EDITION, "<h1>One</h1>", "glossary.md", to)
    assert reading_time.below_the_title(EDITION, "<p>x</p>", "nowhere.md", to) == "<p>x</p>"


def test_every_page_of_a_path_gets_its_time():
    contents = {entry.file: f"<p>{'word ' * 1000}</p>" for entry in navigation(EDITION)}
    for station in paths.paths(EDITION).short:
        if anchor := station.page.partition("#")[2]:
            contents[station.file] += f'<h2 id="{anchor}">x</h2><p>{"word " * 100}</p>'
    for path in (paths.SHORT, paths.WHOLE):
        filled = reading_time.timed(EDITION, paths.table(EDITION, path), contents)
        assert 'class="minutes"' not in filled
        assert "minute" in filled
    with pytest.raises(ValueError, match="no path"):
        paths.table(EDITION, "the scenic route")
