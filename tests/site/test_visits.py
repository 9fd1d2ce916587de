"""Every page as a browser gets it, light on a desk and dark on a phone: hosts, errors, width, accessibility."""

import contextlib
from dataclasses import dataclass, field

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from playwright.sync_api import TimeoutError as TooLate

#: What the reader's system asks for, the theme's name of it, and the window in CSS pixels: in two looks, every page is
#: seen in both schemes and in both sizes.
LOOKS = (
    ("light", "default", {"width": 1440, "height": 900}),
    ("dark", "slate", {"width": 390, "height": 844}),
)
#: The pages are visited in so many parts, which may run side by side.
PARTS = 8
#: Scripts let boxes that scroll take the focus, and others not, some frames after the window's size has changed.
SETTLED = """() => [...document.querySelectorAll("pre > code, .formula, .md-typeset__scrollwrap")].every(
  (box) => box.scrollWidth <= box.clientWidth || box.tabIndex >= 0)"""


@dataclass
class Visit:
    """What a browser saw of one page."""

    foreign: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)
    too_wide: list[str] = field(default_factory=list)
    inaccessible: list[str] = field(default_factory=list)


@pytest.fixture(scope="module", params=range(PARTS))
def visits(request: pytest.FixtureRequest, browser: Browser, address: str, pages: list[str]) -> dict[str, Visit]:
    """One part of the pages, each loaded once and looked at twice."""
    context = browser.new_context()
    page = context.new_page()
    visit = Visit()
    page.on("request", lambda request: _local(request.url, address) or visit.foreign.append(request.url))
    page.on("requestfailed", lambda request: visit.failed.append(request.url))
    page.on("response", lambda answer: answer.status < 400 or visit.failed.append(f"{answer.status} {answer.url}"))
    page.on("pageerror", lambda error: visit.console.append(str(error)))
    page.on(
        "console",
        lambda message: message.type in {"error", "warning"} and visit.console.append(message.text),
    )
    found = {}
    for name in pages[request.param :: PARTS]:
        visit = found[name] = Visit()
        page.goto(address + name, wait_until="load")
        page.eval_on_selector_all("img", "images => images.forEach(image => { image.loading = 'eager' })")
        for scheme, theme, size in LOOKS:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.set_viewport_size(size)
            expect(page.locator("body")).to_have_attribute("data-md-color-scheme", theme)
            _look(page, f"{scheme}, {size['width']} px", visit)
        page.wait_for_load_state("networkidle")
    context.close()
    return found


def _local(url: str, address: str) -> bool:
    return url.startswith((address, "data:", "blob:"))


def _look(page: Page, how: str, visit: Visit) -> None:
    width, window = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    if width > window:
        visit.too_wide.append(f"{how}: {width} px")
    with contextlib.suppress(TooLate):  # what stays unreachable is for axe to name
        page.wait_for_function(SETTLED)
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    for violation in found:
        if violation["impact"] in {"serious", "critical"}:
            places = ", ".join(str(node["target"]) for node in violation["nodes"][:5])
            visit.inaccessible.append(f"{how}: {violation['id']} ({violation['help']}) at {places}")


def told(visits: dict[str, Visit], what: str) -> str:
    """Findings as one message: page, then what was found there."""
    return "\n".join(f"/{page}: {found}" for page, visit in visits.items() for found in getattr(visit, what))


def test_no_page_asks_another_host_for_anything(visits):
    assert told(visits, "foreign") == ""


def test_nothing_is_missing_and_no_script_complains(visits):
    assert told(visits, "failed") == ""
    assert told(visits, "console") == ""


def test_no_page_is_wider_than_its_window(visits):
    assert told(visits, "too_wide") == ""


def test_axe_finds_nothing_serious(visits):
    assert told(visits, "inaccessible") == ""
