"""The site as one uses it: with a mouse, with the keyboard alone, in either scheme."""

import pytest
from playwright.sync_api import expect

#: A page with code, formulas and figures.
RICH = "attacks/fgsm/"
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def page(browser, address):
    """A page on a desk, in the light scheme, whose complaints fail the test."""
    context = browser.new_context(viewport=DESK, color_scheme="light", reduced_motion="reduce")
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: message.type in {"error", "warning"} and complaints.append(message.text))
    page.on("request", lambda one: one.url.startswith((address, "data:", "blob:")) or complaints.append(one.url))
    yield page
    context.close()
    assert complaints == []


def scheme(page):
    return page.locator("body").get_attribute("data-md-color-scheme")


def tab_to(page, matches, limit=80):
    """Press Tab until the focus is where `matches` (JavaScript over `e`) holds; how often it took."""
    for presses in range(1, limit):
        page.keyboard.press("Tab")
        if page.evaluate(f"() => {{ const e = document.activeElement; return Boolean({matches}); }}"):
            return presses
    raise AssertionError(f"the Tab key does not reach {matches} within {limit} presses")


def test_the_navigation_leads_to_a_page_and_marks_it(page, address):
    page.goto(address)
    page.locator(".md-sidebar--primary").get_by_role("link", name="PGD and the ladder").click()
    expect(page).to_have_url(f"{address}attacks/ladder/")
    assert "PGD" in page.locator("article h1").inner_text()
    active = page.locator(".md-sidebar--primary .md-nav__link--active:visible").last
    assert "PGD and the ladder" in active.inner_text()
    page.locator(".md-footer__link--prev").click()
    expect(page).to_have_url(f"{address}inside/")


def test_on_a_phone_the_drawer_opens_and_leads_on(page, address):
    page.set_viewport_size(PHONE)
    page.goto(address)
    page.locator('label.md-header__button[for="__drawer"]').click()
    link = page.locator(".md-sidebar--primary").get_by_role("link", name="The model", exact=True)
    expect(link).to_be_in_viewport()
    link.click()
    expect(page).to_have_url(f"{address}model/")


def test_the_copy_button_copies_the_block_and_nothing_else(page, address):
    page.goto(address + RICH)
    block = page.locator("article .language-python").nth(2)
    block.scroll_into_view_if_needed()
    block.hover()
    block.locator("button[data-md-type=copy], .md-clipboard").first.click()
    expect(page.locator(".md-dialog")).to_contain_text("Copied")
    copied = page.evaluate("() => navigator.clipboard.readText()")
    assert copied.strip() == block.locator("code").inner_text().strip()
    assert "snippets/" not in copied


def test_the_scheme_follows_the_system_and_the_toggle_and_is_kept(page, address):
    page.goto(address)
    assert scheme(page) == "default"
    page.emulate_media(color_scheme="dark")
    expect(page.locator("body")).to_have_attribute("data-md-color-scheme", "slate")
    switch = page.locator("[data-md-component=palette] label:visible")
    switch.click()
    expect(page.locator("body")).to_have_attribute("data-md-color-scheme", "default")
    switch.click()
    expect(page.locator("body")).to_have_attribute("data-md-color-scheme", "slate")
    page.emulate_media(color_scheme="light")
    page.goto(address + RICH)
    expect(page.locator("body")).to_have_attribute("data-md-color-scheme", "slate")


def test_formulas_are_drawn(page, address):
    page.goto(address + RICH)
    assert page.locator("article math").count() > 20
    tall = page.locator("article .formula math").first.bounding_box()
    assert tall["width"] > 60
    assert tall["height"] > 10
    text = page.locator("article").inner_text()
    for raw in ("\\epsilon", "\\frac", "$$", "\\nabla"):
        assert raw not in text, f"{raw}: a formula that was not drawn"


def found(page, words, leads_to="/"):
    """What the search found, once it has read all the words: it begins with the first letter."""
    return page.locator(f".md-search-result__link[href*='{leads_to}'][href*='h={words.replace(' ', '+')}']")


@pytest.mark.parametrize(("words", "leads_to"), [("certificate", "smoothing/"), ("gradient masking", "evaluating/")])
def test_search_finds_terms(page, address, words, leads_to):
    page.goto(address)
    page.get_by_role("textbox", name="Search").click()
    page.keyboard.type(words, delay=10)
    expect(found(page, words, leads_to).first).to_be_attached()


def test_by_keyboard_alone_to_the_text_and_along_the_book(page, address):
    page.goto(f"{address}model/")
    page.keyboard.press("Tab")
    skip = page.evaluate("() => document.activeElement.className")
    assert "md-skip" in skip, "the first thing that Tab reaches leads past the navigation"
    page.keyboard.press("Enter")
    assert page.evaluate("() => location.hash") != ""
    tab_to(page, "e.closest('article')")
    tab_to(page, "e.classList.contains('md-footer__link--next')", 400)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{address}attacks/fgsm/")


def test_by_keyboard_alone_through_the_navigation(page, address):
    page.goto(address)
    tab_to(page, "e.matches('.md-sidebar--primary a') && e.textContent.trim() == 'Inside the network'")
    shown = page.evaluate(
        "() => { const e = document.activeElement, s = getComputedStyle(e);"
        "  return e.matches(':focus-visible') && (s.outlineStyle != 'none' || s.boxShadow != 'none'); }"
    )
    assert shown, "one sees where the focus is"
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{address}inside/")


def test_by_keyboard_alone_search(page, address):
    page.goto(address)
    tab_to(page, "e.matches('.md-search__input')")
    page.keyboard.type("epsilon", delay=10)
    expect(found(page, "epsilon").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".md-search-result__link:focus")).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_url("**h=epsilon**")
    assert "psilon" in page.locator("article").inner_text()
    page.goto(address)
    page.keyboard.press("/")
    assert page.evaluate("() => document.activeElement.matches('.md-search__input')")
    # The theme notes a moment after the focus that its search is open, and only then listens to Escape.
    expect(page.locator("#__search")).to_be_checked()
    page.keyboard.press("Escape")
    expect(page.locator("#__search")).not_to_be_checked()


def test_by_keyboard_alone_the_scheme(page, address):
    page.goto(address)
    tab_to(page, "e.matches('[data-md-component=palette] input, [data-md-component=palette] label')")
    page.evaluate(
        "() => { window.seen = []; new MutationObserver(() => seen.push(document.body.dataset.mdColorScheme))"
        "  .observe(document.body, { attributes: true }); }"
    )
    for _ in range(3):
        page.keyboard.press("Enter")
        page.wait_for_timeout(50)
    # Light, dark, the system's: in a light system only one of the three is dark.
    page.wait_for_function("() => seen.includes('slate') && seen.at(-1) == 'default'")


def test_by_keyboard_alone_copy_a_block_and_open_what_unfolds(page, address):
    page.goto(address + RICH)
    tab_to(page, "e.matches('article .language-python button, article .language-python .md-clipboard')", 300)
    page.keyboard.press("Enter")
    expect(page.locator(".md-dialog")).to_contain_text("Copied")
    cite = page.locator("details.cite-page summary")
    cite.focus()
    page.keyboard.press("Enter")
    expect(page.locator("details.cite-page")).to_have_attribute("open", "")
    expect(page.locator("details.cite-page code")).to_contain_text("@misc{advlab-attacks-fgsm")


def test_on_paper_the_page_is_its_text(page, address):
    page.goto(address + RICH)
    page.emulate_media(media="print", color_scheme="dark")
    for gone in (".md-header", ".md-footer", ".md-sidebar--primary", ".origin", "details.cite-page", ".reading"):
        for one in page.locator(gone).all():
            expect(one).to_be_hidden()
    expect(page.locator("article h1")).to_be_visible()
    frames = page.locator("[data-frames] > figure")
    assert all(frame.is_visible() for frame in frames.all())
    colour = page.evaluate("() => getComputedStyle(document.querySelector('article p:not([class])')).color")
    channels = [int(part) for part in colour.removeprefix("rgb(").rstrip(")").split(",")[:3]]
    assert max(channels) < 100, f"dark letters on white paper, not {colour}"
