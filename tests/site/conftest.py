"""The built site, served on the loopback under a sub-folder, and a browser."""

import functools
import http.server
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from playwright.sync_api import Browser, expect, sync_playwright

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
# Milliseconds that a busy machine may take for what a page's scripts do; what never comes still fails.
expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def site(shared_folder: Path) -> Path:
    """The folder of a site built strictly: ADVLAB_SITE if that names one, else built now."""
    if given := os.environ.get("ADVLAB_SITE"):
        assert (Path(given) / "index.html").is_file(), f"ADVLAB_SITE={given} holds no site"
        return Path(given)
    target = shared_folder / "built"
    with FileLock(shared_folder / "built.lock"):  # one process builds for all
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
