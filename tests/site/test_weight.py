"""How many bytes a page asks of its reader: counted where they are sent, compressed as a static host does it."""

import functools
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.site.serving import Compressed

FIRST, NEXT = 300_000, 120_000
#: The notebook carries its pictures in its page.
HEAVY = {"tutorial/"}


class Counting(Compressed):
    """Keeps the size of every answer's body."""

    sent: list[tuple[str, int]]

    def send_header(self, keyword: str, value: str) -> None:
        if keyword == "Content-Length":
            self.sent.append((self.path, int(value)))
        super().send_header(keyword, value)


@pytest.fixture(scope="module")
def host(site: Path) -> Iterator[tuple[str, list[tuple[str, int]]]]:
    """The site's address, and what was sent since somebody emptied the list."""
    sent: list[tuple[str, int]] = []
    handler = type("Handler", (Counting,), {"sent": sent})
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(handler, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", sent
    server.shutdown()
    server.server_close()


def told(sent: list[tuple[str, int]]) -> str:
    """The largest parts of a load."""
    largest = sorted(sent, key=lambda one: -one[1])[:6]
    return ", ".join(f"{path} {size // 1000} KB" for path, size in largest)


def test_no_page_is_heavy(browser: Browser, host, pages: list[str]) -> None:
    """Each page as the first one of a visit, then as a later one, when the reader's browser knows the shared files."""
    address, sent = host
    heavy, loads = [], []
    later = browser.new_context()
    one = later.new_page()
    one.goto(f"{address}licence/", wait_until="networkidle")
    for name in pages:
        for limit in (FIRST, NEXT):
            context = browser.new_context() if limit == FIRST else later
            page = context.new_page() if limit == FIRST else one
            sent.clear()
            page.goto(address + name, wait_until="networkidle" if limit == FIRST else "load")
            page.wait_for_timeout(150)  # pictures in sight are asked for when the page is laid out
            total = sum(size for _, size in sent)
            loads.append((limit, total))
            if total > limit and name not in HEAVY:
                heavy.append(f"/{name}: {total / 1000:.0f} KB, more than {limit // 1000} ({told(sent)})")
            if limit == FIRST:
                context.close()
    later.close()
    assert heavy == [], "\n".join(heavy)
    first = [total for limit, total in loads if limit == FIRST]
    assert min(first) > 50_000, "the theme alone is more than this: the count does not count"
    assert max(total for limit, total in loads if limit == NEXT) < max(first)


def test_the_search_s_index_is_sent_when_a_reader_acts(browser: Browser, host) -> None:
    """It is the largest file of a first visit, and most visits search for nothing."""
    address, sent = host

    def indexes() -> int:
        return sum("search_index" in path for path, _ in sent)

    with browser.new_context() as context:
        page = context.new_page()
        sent.clear()
        page.goto(f"{address}attacks/fgsm/", wait_until="networkidle")
        assert not indexes(), told(sent)
        page.keyboard.press("/")  # opens the search
        page.keyboard.type("epsilon")
        page.locator(".md-search-result__link").first.wait_for(timeout=15_000)
        assert indexes() == 1
    with browser.new_context() as context:
        page = context.new_page()
        sent.clear()
        page.goto(f"{address}?h=epsilon", wait_until="networkidle")
        assert indexes() == 1, "what to mark in the text is found by the index"
