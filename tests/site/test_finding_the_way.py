"""What helps a reader find the way: paths, neighbours, search, descriptions, citation, 404, lists for programs."""

import functools
import html
import json
import re
import threading
from http.server import ThreadingHTTPServer
from urllib.parse import urljoin

import html5lib
import pytest
from axe_playwright_python.sync_playwright import Axe
from mkdocs.config import load_config
from mkdocs.structure.files import get_files
from mkdocs.structure.nav import get_navigation
from playwright.sync_api import expect

from advlab.edition import EDITION
from advlab.engine.pages import glossary, paths
from advlab.engine.pages.navigation import navigation
from tests.blocks import ROOT
from tests.site.serving import Compressed

NAVIGATION = navigation(EDITION)


def address_of(file):
    """A page's address in the site, from its file."""
    return "" if file == "index.md" else f"{file.rpartition('.')[0]}/"


@pytest.fixture(scope="module")
def trees(site):
    """Every page of the navigation as a tree, by file."""
    return {
        entry.file: html5lib.parse(
            (site / address_of(entry.file) / "index.html").read_text(encoding="utf-8"), namespaceHTMLElements=False
        )
        for entry in NAVIGATION
    }


def meta(tree, name):
    found = [one.get("content") for one in tree.findall(".//meta") if name in (one.get("name"), one.get("property"))]
    return found[0] if len(found) == 1 else None


def by_class(tree, name):
    return [node for node in tree.iter() if name in (node.get("class") or "").split()]


def test_every_page_describes_itself_in_its_own_words(trees):
    said = {file: meta(tree, "description") for file, tree in trees.items()}
    assert [file for file, words in said.items() if not words or not 40 <= len(words) <= 220] == []
    assert len(set(said.values())) == len(said)
    assert [file for file, words in said.items() if "<<" in words or "<" in words] == []
    for file, tree in trees.items():
        assert meta(tree, "og:description") == said[file]
        assert meta(tree, "og:title"), file
        assert meta(tree, "og:type") == ("website" if file == "index.md" else "article")
        assert meta(tree, "robots") is None, file


def test_every_page_tells_its_time_and_how_to_cite_it(trees):
    for file, tree in trees.items():
        (line,) = by_class(tree, "reading")
        text = "".join(line.itertext())
        looked_up = paths.paths(EDITION).stage(file).looked_up
        assert ("To look things up" in text) == looked_up
        assert bool(re.search(r"Reading time: (a minute|about \d+ (minutes|hours))", text)) != looked_up
        assert len(line.findall(".//a")) == len(paths.paths(EDITION).stage(file).after)
        (cite,) = by_class(tree, "cite-page")
        assert "@misc{advlab-" in "".join(cite.itertext())
        assert not by_class(tree, "minutes") or file == "paths.md"


def test_the_short_path_takes_a_quarter_of_an_hour(trees):
    text = "".join(trees["paths.md"].find(".//article").itertext())
    together = re.findall(r"Together: about (\d+) (minutes|hours)", text)
    assert together[0][1] == "minutes"
    assert 8 <= int(together[0][0]) <= 15
    assert len(together) == 2
    assert int(together[1][0]) > 1


def test_next_leads_along_the_whole_book(trees):
    order = [address_of(entry.file) for entry in NAVIGATION]
    for number, entry in enumerate(NAVIGATION):
        here = "/" + order[number]
        links = {
            kind: [by.get("href") for by in by_class(trees[entry.file], f"md-footer__link--{kind}")]
            for kind in ("prev", "next")
        }
        expected = {"prev": order[number - 1 : number] if number else [], "next": order[number + 1 : number + 2]}
        for kind, links_of in links.items():
            assert [resolved(here, link) for link in links_of] == ["/" + to for to in expected[kind]], (here, kind)


def resolved(here, link):
    return urljoin(f"http://x{here}", link).removeprefix("http://x")


def test_every_block_of_code_says_where_it_comes_from(trees):
    total = 0
    for file, tree in trees.items():
        if file in {"tutorial.ipynb", "reference/api.md"}:
            continue
        blocks = [
            node for node in tree.iter("div") if re.match(r"language-(python|bash|yaml|toml) ", node.get("class") or "")
        ]
        lines = by_class(tree, "origin")
        assert len(blocks) == len(lines), file
        total += len(lines)
    assert total > 60


def test_search_knows_every_title_and_every_term(site):
    found = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))["docs"]
    text = html.unescape(re.sub(r"<[^>]+>", " ", " ".join(f"{one['title']} {one['text']}" for one in found))).casefold()
    assert [term.term for term in glossary.load(EDITION.glossary) if term.term.casefold() not in text] == []
    there = {one["location"].partition("#")[0] for one in found}
    assert [entry.file for entry in NAVIGATION if address_of(entry.file) not in there] == []
    assert "cite this page" not in text, "what stands on every page is no use to a search"
    assert "reading time: " not in text
    api = " ".join(one["text"] for one in found if one["location"].startswith("reference/api/"))
    assert "raise ValueError(" not in html.unescape(api), "the library's source is not for the search"


def test_llms_txt_lists_every_page(site):
    text = (site / "llms.txt").read_text(encoding="utf-8")
    links = re.findall(r"^- \[(.+?)\]\((.+?)\): .{30,}$", text, flags=re.MULTILINE)
    assert sorted(title for title, _ in links) == sorted(entry.title for entry in NAVIGATION)
    for _, link in links:
        assert (site / link.replace("./", "") / "index.html").is_file() or link.startswith("http")


def test_the_sitemap_lists_every_page_of_a_site_that_knows_its_address(site):
    assert (site / "sitemap.xml").is_file()
    config = load_config(str(ROOT / "mkdocs.yml"), site_url="https://example.org/book/")
    files = get_files(config)
    get_navigation(files, config)
    template = config.theme.get_env().get_template("sitemap.xml")
    listed = re.findall(r"<loc>(.+?)</loc>", template.render(pages=files.documentation_pages(), config=config))
    expected = [
        f"https://example.org/book/{address_of(entry.file)}" for entry in NAVIGATION if entry.file.endswith("md")
    ]
    assert sorted(listed) == sorted(expected)


@pytest.fixture
def root(site):
    """The site at the root of an address, as a host serves it that answers with 404.html."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Compressed, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_a_missing_page_helps_on(browser, root):
    page = browser.new_page()
    failed = []
    page.on("response", lambda answer: answer.status >= 400 and failed.append(answer.url))
    answer = page.goto(f"{root}attacks/no/such/page")
    assert answer.status == 404
    page.wait_for_load_state("networkidle")
    assert failed == [answer.url], "only the page itself is missing: its styles and scripts are found"
    assert page.locator("article h1").inner_text() == "There is no such page"
    assert page.locator('meta[name="robots"]').get_attribute("content") == "noindex"
    links = page.locator("article ul.pages a")
    assert links.count() == len(NAVIGATION)
    violations = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    assert [one["id"] for one in violations if one["impact"] in {"serious", "critical"}] == []
    links.nth(4).click()
    expect(page.locator("article h1")).to_have_text(re.compile(r"^(?!There is no such page)."))
    page.close()
