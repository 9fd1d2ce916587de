"""Binding: names to numbers, figures, tables, claims and sources; whatever is unknown fails with what comes close."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from advlab.edition import EDITION
from advlab.engine.book import Book, UnknownName, format_value
from advlab.engine.cache.store import Store
from advlab.engine.pages import rendering
from advlab.engine.pages.downloads import downloads
from advlab.engine.pages.macros import FUNCTIONS, NAMES, FalseClaim

RESULT = {
    "0.2": {"accuracy": {"value": 0.4236, "low": 0.414, "high": 0.4333, "count": 4236, "n": 10000}},
    "list": [1, 2500],
}
ROWS = {"header": ["a", "b"], "rows": [["1", "2"]], "caption": "All.", "align": "lr", "sources": ["fgsm:table"]}
WORDS = b'{"alt": "A \\"falling\\" line", "caption": "It *falls*."}'
PRINTED = b'{"": "1\\n2\\n", "two": "2\\n", "quiet": ""}'
SVG = b'<?xml version="1.0"?>\n<svg width="360pt" height="180.5pt" viewBox="0 0 360 180"></svg>'


@pytest.fixture
def book(tmp_path: Path) -> Book:
    store = Store(tmp_path)
    files = {"result.json": json.dumps(RESULT).encode(), "evidence.json": b"[]"}
    entries: dict[str, Any] = {
        "measurement": store.write("measurement", "fgsm:table", "a" * 64, files, {"seconds": 2.0, "ingredients": {}}),
        "figure": store.write(
            "figure", "fgsm:curve", "b" * 64,
            {"light.svg": SVG, "dark.svg": SVG, "figure.json": WORDS}, {},
        ),
        "output": store.write("output", "x/y.py", "c" * 64, {"output.json": PRINTED}, {}),
    }  # fmt: skip
    content = {
        "profile": {"name": "standard"},
        **{
            f"{kind}s": {entry.name: {"key": entry.key, "files": sorted(entry.files), "sources": ["fgsm:table"]}}
            for kind, entry in entries.items()
        },
        "tables": {"fgsm:rows": ROWS},
        "fragments": {"fgsm:words": {"text": '<a href="<< root >>model/">x</a> << n("fgsm:table/list/0", "d") >>'}},
        "claims": {
            "fgsm:falls": {"holds": True, "says": "It falls.", "sources": []},
            "fgsm:rises": {"holds": False, "says": "It rises.", "sources": []},
        },
    }  # fmt: skip
    return Book(content, store, EDITION)


def render(book: Book, source: str, url: str = "attacks/fgsm/") -> str:
    return rendering.rendered(source, url, book)


def test_a_number_names_its_measurement_n_interval_and_key(book: Book) -> None:
    html = render(book, 'Only << n("fgsm:table/0.2/accuracy") >> is left.')
    assert ">42.4%</a>" in html
    assert 'href="../../making/#fgsm.table"' in html
    assert "n = 10,000 · 95% interval 41.40 to 43.33% · key aaaaaaaaaaaa" in html


def test_links_lead_to_the_root_from_anywhere(book: Book) -> None:
    source = '<< n("fgsm:table/list/1", "d") >>'
    assert 'href="making/#' in render(book, source, "")
    assert 'href="../making/#' in render(book, source, "model/")
    assert ">2,500</a>" in render(book, source)


@pytest.mark.parametrize(
    ("form", "text"), [("%", "42.4%"), ("%0", "42%"), ("%2", "42.36%"), (".3f", "0.424"), ("s", "0.4236")]
)
def test_forms(form: str, text: str) -> None:
    assert format_value(0.4236, form) == text


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ('<< n("fgsm:tabel/0.2/accuracy") >>', "fgsm:table"),
        ('<< n("fgsm:table/0.3/accuracy") >>', "fgsm:table/0.2"),
        ('<< n("fgsm:table/0.2/acuracy") >>', "fgsm:table/0.2/accuracy"),
        ('<< n("fgsm:table/list/2") >>', "unknown number"),
        ('<< n("fgsm:table/0.2") >>', "fgsm:table/0.2/accuracy"),
        ('<< figure("fgsm:curv") >>', "fgsm:curve"),
        ('<< table("fgsm:row") >>', "fgsm:rows"),
        ('<< output("x/z.py") >>', "x/y.py"),
        ('<< output("x/y.py:three") >>', "unknown section"),
        ('<< output("x/y.py:quiet") >>', "prints nothing"),
        ('<< claim("fgsm:fall", "It falls.") >>', "fgsm:falls"),
        ('<< published("nobody") >>', "published figure"),
        ('<< recorded("nothing/at/all") >>', "recorded result"),
    ],
)
def test_unknown_names_fail_and_what_comes_close_is_named(book: Book, source: str, said: str) -> None:
    with pytest.raises(UnknownName, match="unknown") as problem:
        render(book, source)
    assert said in str(problem.value)


def test_an_unknown_citation_and_an_unknown_function_fail(book: Book) -> None:
    with pytest.raises(KeyError, match="goodfellow"):
        render(book, '<< cite("goodfelow2015") >>')
    with pytest.raises(Exception, match="undefined"):
        render(book, "<< nonsense(1) >>")


def test_a_claim_holds_or_fails_or_is_marked_in_a_draft(book: Book) -> None:
    assert render(book, '<< claim("fgsm:falls", "It falls.") >>') == "It falls."
    with pytest.raises(FalseClaim, match="fgsm:rises"):
        render(book, '<< claim("fgsm:rises", "It rises.") >>')
    book.content["profile"]["name"] = "draft"
    assert '<mark class="false"' in render(book, '<< claim("fgsm:rises", "It rises.") >>')


def test_a_figure_comes_in_both_schemes_with_its_words(book: Book) -> None:
    html = render(book, '<< figure("fgsm:curve") >>')
    for scheme in ("light", "dark"):
        assert f'src="../../figures/fgsm.curve.{scheme}.svg#only-{scheme}"' in html
    assert html.count('alt="A &quot;falling&quot; line"') == 2
    assert html.count('width="480" height="241"') == 2
    assert "It *falls*." in html


def test_a_table_offers_its_evidence(book: Book) -> None:
    html = render(book, '<< table("fgsm:rows") >>')
    assert "| a | b |\n| :-- | --: |\n| 1 | 2 |" in html
    assert 'href="../../results/fgsm.table.evidence.json" download' in html
    assert downloads(book)["results/fgsm.table.evidence.json"] == b"[]"


def test_output_by_section(book: Book) -> None:
    assert render(book, '```text\n<< output("x/y.py:two") >>\n```') == "```text\n2\n```"
    assert render(book, '<< output("x/y.py") >>') == "1\n2"


def test_jinjas_own_marks_are_left_alone(book: Book) -> None:
    source = r"$\hat{{x}}$ {#anchor} {% raw %} {{ x }}"
    assert render(book, source) == source


def test_includes_are_expanded_as_the_reader_sees_them(book: Book, tmp_path: Path) -> None:
    book.edition = dataclasses.replace(EDITION, root=tmp_path)
    (tmp_path / "snippets").mkdir()
    (tmp_path / "snippets" / "p.py").write_text("a = 1\n# --8<-- [start:s]\nprint(a)\n# --8<-- [end:s]\n")
    assert render(book, '```python\n--8<-- "p.py:s"\n```') == "```python\nprint(a)\n```"
    assert render(book, '```python\n--8<-- "p.py"\n```') == "```python\na = 1\nprint(a)\n\n```"
    with pytest.raises(Exception, match=r"nothing\.py"):
        render(book, '--8<-- "nothing.py"')


def test_a_fragments_names_are_bound_on_the_page_that_shows_it(book: Book) -> None:
    html = render(book, '<< fragment("fgsm:words") >>')
    assert '<a href="../../model/">x</a>' in html
    assert ">1</a>" in html
    assert render(book, '<< link("model.md") >>') == "[The model](model.md)"
    with pytest.raises(UnknownName, match="fgsm:words"):
        render(book, '<< fragment("fgsm:word") >>')


def test_what_pages_may_call_stands_in_one_place() -> None:
    assert {"n", "claim", "fragment", "provenance"} <= set(NAMES)
    assert {name for name in NAMES if name not in {"provenance", "ledger", "environment", "references"}} - {
        "glossary",
        "tasks",
    } == FUNCTIONS
