"""How to cite: CITATION.cff says what the package says, and a page's entry is whole."""

import re

import pytest
import yaml

import advlab
from advlab.edition import EDITION
from advlab.engine.pages import cite_page
from advlab.engine.site import llms_txt
from tests.blocks import ROOT


def test_the_file_says_what_the_package_says():
    content = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert {"cff-version", "message", "title", "authors", "version", "date-released", "license"} <= set(content)
    assert content["version"] == advlab.__version__
    assert content["license"] == "MIT"
    assert content["title"] in (ROOT / "mkdocs.yml").read_text()
    assert content["authors"][0]["name"].removeprefix("The ") in (ROOT / "LICENSE").read_text()
    assert content["date-released"][:4] in (ROOT / "LICENSE").read_text()


def test_a_page_s_entry():
    html = cite_page.details(EDITION, "FGSM", "attacks/fgsm.md", "https://example.org/attacks/fgsm/")
    of = cite_page.work(EDITION)
    assert f"@misc{{advlab-attacks-fgsm,\n  author = {{{{{of.authors}}}}}" in html
    assert f"year   = {{{of.year}}}" in html
    assert "url    = {https://example.org/attacks/fgsm/}" in html
    assert f"FGSM. In: {of.title}" in html
    assert html == cite_page.details(EDITION, "FGSM", "attacks/fgsm.md", "https://example.org/attacks/fgsm/")
    assert "url" not in cite_page.details(EDITION, "FGSM", "attacks/fgsm.md", None)
    assert "a draft" in cite_page.details(EDITION, "FGSM", "attacks/fgsm.md", None, draft=True)
    assert "<b>" not in cite_page.details(EDITION, "<b>", "b.md", None)


def test_keys_differ_from_page_to_page():
    names = [path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")]
    keys = [cite_page.key("advlab", name) for name in names]
    assert len(set(keys)) == len(keys)
    assert all(re.fullmatch(r"advlab(-[a-z]+)+", key) for key in keys)


@pytest.mark.parametrize("date", ["2026-1-2", "today"])
def test_a_date_of_another_form_is_refused(tmp_path, date):
    file = tmp_path / "CITATION.cff"
    file.write_text(f"title: T\nversion: 1\ndate-released: {date}\nauthors:\n  - name: N\n")
    with pytest.raises(ValueError, match="year-month-day"):
        cite_page.load(file)


def test_authors_by_name_and_by_parts(tmp_path):
    file = tmp_path / "CITATION.cff"
    file.write_text(
        "title: T\nversion: 1\ndate-released: '2026-01-02'\n"
        "authors:\n  - {given-names: A, family-names: B}\n  - name: N\n"
    )
    assert cite_page.load(file) == cite_page.Work("T", "A B and N", "1", "2026-01-02")


def test_llms_txt_has_a_list_for_each_section():
    listed = [
        llms_txt.Linked("", "Home", "./", "The start."),
        llms_txt.Linked("Attacks", "FGSM", "attacks/fgsm/", "One step."),
        llms_txt.Linked("Attacks", "PGD", "attacks/pgd/", ""),
    ]
    assert llms_txt.text("Book", "About it.", listed) == (
        "# Book\n\n> About it.\n\n## Pages\n\n- [Home](./): The start.\n\n## Attacks\n\n"
        "- [FGSM](attacks/fgsm/): One step.\n- [PGD](attacks/pgd/)\n"
    )
