"""The built site, served on the loopback under a sub-folder, and one browser that visits each page once."""

import contextlib
import functools
import http.server
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from filelock import FileLock
from playwright.sync_api import Browser, Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as TooLate

ROOT = Path(__file__).parents[2]
#: The site must work wherever it is put, so it is not served from the root.
FOLDER = "some/folder"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
NO_CHROMIUM = (
    "no Chromium found, and the tests of the site need one. Install it (Debian: apt-get install chromium; "
    "anywhere: playwright install chromium) or name its binary in the environment variable CHROMIUM."
)
#: What the reader's system asks for, and the theme's name of it.
THEMES = {"light": "default", "dark": "slate"}
#: A desk's window and a phone's, in CSS pixels.
SIZES = ({"width": 1440, "height": 900}, {"width": 390, "height": 844})
#: Scripts let boxes that scroll take the focus, and others not, some frames after the window's size has changed.
SETTLED = """() => [...document.querySelectorAll("pre > code, .formula, .md-typeset__scrollwrap")].every(
  (box) => box.scrollWidth <= box.clientWidth || box.tabIndex >= 0)"""
#: Milliseconds that a busy machine may take for it; what never comes still fails.
PATIENCE = 20_000
expect.set_options(timeout=PATIENCE)


@dataclass
class Visit:
    """What a browser saw of one page in both schemes and both sizes."""

    foreign: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)
    too_wide: list[str] = field(default_factory=list)
    inaccessible: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a site built strictly: ADVLAB_SITE if that names one, else built now."""
    if given := os.environ.get("ADVLAB_SITE"):
        assert (Path(given) / "index.html").is_file(), f"ADVLAB_SITE={given} holds no site"
        return Path(given)
    base = tmp_path_factory.getbasetemp()
    # The workers of pytest-xdist share the folder above theirs, and one of them builds.
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    target = base / "built"
    with FileLock(base / "built.lock"):
        if not (target / "index.html").is_file():
            command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(target)]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
            assert done.returncode == 0, f"mkdocs build --strict failed:\n{done.stdout}{done.stderr}"
    return target


@pytest.fixture(scope="session")
def pages(site: Path) -> list[str]:
    """The address of every page, relative to the site's root ("" is Home)."""
    found = sorted(path.parent.relative_to(site).as_posix() for path in site.rglob("index.html"))
    return ["" if page == "." else f"{page}/" for page in found]


class _Handler(http.server.SimpleHTTPRequestHandler):
    def translate_path(self, path: str) -> str:
        inside = path.removeprefix(f"/{FOLDER}")
        return super().translate_path(inside if inside != path else "/outside-the-site")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """Where the site is served, with a slash at the end."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/{FOLDER}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, without a window."""
    with sync_playwright() as playwright:
        names = ("chromium", "chromium-browser", "google-chrome", "chrome")
        found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
        found = found or playwright.chromium.executable_path
        if not Path(found).exists():
            pytest.fail(NO_CHROMIUM)
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def visits(browser: Browser, address: str, pages: list[str]) -> dict[str, Visit]:
    """Every page, seen in light and dark, on a desk and on a phone."""
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
    for name in pages:
        visit = found[name] = Visit()
        page.goto(address + name, wait_until="load")
        page.eval_on_selector_all("img", "images => images.forEach(image => { image.loading = 'eager' })")
        for scheme in THEMES:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            for size in SIZES:
                page.set_viewport_size(size)
                expect(page.locator("body")).to_have_attribute("data-md-color-scheme", THEMES[scheme])
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
        page.wait_for_function(SETTLED, timeout=PATIENCE)
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    for violation in found:
        if violation["impact"] in {"serious", "critical"}:
            places = ", ".join(str(node["target"]) for node in violation["nodes"][:5])
            visit.inaccessible.append(f"{how}: {violation['id']} ({violation['help']}) at {places}")
