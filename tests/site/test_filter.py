"""The table of claims in a browser: filtered by keyboard alone, counted aloud, and whole without JavaScript."""

import pytest
from playwright.sync_api import expect

from advlab.chapters.article import verdicts

PAGE = "article/"
CLAIMS = verdicts.load()


@pytest.fixture
def page(browser, address):
    context = browser.new_context()
    page = context.new_page()
    page.goto(address + PAGE)
    yield page
    context.close()


def shown(page):
    """The rows that a reader sees."""
    return page.locator("[data-filter] tbody tr:visible")


def of(verdict):
    return sum(claim.verdict == verdict for claim in CLAIMS)


def test_all_rows_are_there_at_first_and_counted(page):
    expect(shown(page)).to_have_count(len(CLAIMS))
    count = page.locator(".filter output")
    expect(count).to_have_text(f"{len(CLAIMS)} of {len(CLAIMS)} rows")
    expect(count).to_have_attribute("aria-live", "polite")


@pytest.mark.parametrize("verdict", verdicts.VERDICTS)
def test_each_verdict_leaves_its_rows(page, verdict):
    page.get_by_label("Verdict").select_option(verdict)
    expect(shown(page)).to_have_count(of(verdict))
    assert {chip.strip() for chip in page.locator("[data-filter] tbody tr:visible .chip").all_inner_texts()} == {
        verdict
    }
    expect(page.locator(".filter output")).to_have_text(f"{of(verdict)} of {len(CLAIMS)} rows")


def test_words_are_found_in_any_order_and_case_and_cleared(page):
    words = page.get_by_label("Words")
    words.fill("HOOKS relu")
    expect(shown(page)).to_have_count(1)
    expect(shown(page)).to_contain_text("Register hooks on all ReLU layers")
    words.fill("no row has these words")
    expect(shown(page)).to_have_count(0)
    expect(page.locator(".filter output")).to_have_text(f"0 of {len(CLAIMS)} rows")
    words.fill("")
    expect(shown(page)).to_have_count(len(CLAIMS))


def test_the_keyboard_alone_filters_by_both(page):
    page.get_by_label("Words").focus()
    page.keyboard.type("detect")
    both = [claim for claim in CLAIMS if "detect" in claim.says.lower()]
    assert shown(page).count() >= len(both) > 1
    found = shown(page).count()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Verdict")).to_be_focused()
    page.keyboard.press("w")
    expect(page.get_by_label("Verdict")).to_have_value("wrong")
    assert 0 < shown(page).count() < found


def test_two_filters_of_one_page_have_names_of_their_own(page):
    names = page.eval_on_selector_all(".filter [id]", "all => all.map(one => one.id)")
    assert len(set(names)) == len(names) == 2


@pytest.mark.parametrize("width", [1440, 390])
def test_the_whole_table_is_shown_without_javascript(browser, address, width):
    context = browser.new_context(java_script_enabled=False, viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(address + PAGE)
    expect(shown(page)).to_have_count(len(CLAIMS))
    expect(page.locator(".filter")).to_have_count(0)
    context.close()
