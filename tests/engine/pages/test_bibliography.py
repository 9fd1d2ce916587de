"""The bibliography: every entry whole, every citation known."""

from html.parser import HTMLParser

import pytest

from advlab.edition import EDITION
from advlab.engine.pages.bibliography import cite, load, page

ENTRY = "{key: %s, authors: [Doe, Roe], title: T, venue: V, year: 2020, arxiv: '2001.00001'}"


def written(folder, *entries):
    path = folder / "bibliography.yml"
    path.write_text("".join(f"- {entry}\n" for entry in entries), encoding="utf-8")
    return path


def test_the_book_s_own_bibliography_is_whole():
    works = load(EDITION.bibliography)
    assert {
        "goodfellow2015",
        "madry2018",
        "szegedy2014",
        "perfecxion2025",
        "nist2025",
        "wilson1927",
    } <= works.keys()
    assert len({work.url for work in works.values()}) == len(works), "two entries lead to the same place"
    assert all(1900 < work.year < 2100 and work.title and work.venue for work in works.values())


def test_prose_tells_any_two_works_apart_by_name_or_title():
    works = load(EDITION.bibliography).values()
    assert len({(work.short, work.title) for work in works}) == len(works)


@pytest.mark.parametrize(
    ("authors", "short", "full"),
    [
        ("[Doe]", "Doe, 2020", "Doe"),
        ("[Doe, Roe]", "Doe and Roe, 2020", "Doe and Roe"),
        ("[Doe, Roe, Poe]", "Doe et al., 2020", "Doe, Roe and Poe"),
        ("[Doe, others]", "Doe et al., 2020", "Doe et al."),
        ("[Doe, Roe, others]", "Doe et al., 2020", "Doe, Roe et al."),
    ],
)
def test_how_authors_are_named(tmp_path, authors, short, full):
    work = load(written(tmp_path, (ENTRY % "doe2020").replace("[Doe, Roe]", authors)))["doe2020"]
    assert (work.short, work.authors_in_full) == (short, full)


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        ([ENTRY % "doe2020", ENTRY % "doe2020"], "'doe2020' occurs twice"),
        (["{key: doe2020, title: T}"], "'doe2020' lacks authors, venue, year"),
        ([(ENTRY % "doe2020").replace("venue", "journal: J, venue")], "unknown fields: journal"),
        ([(ENTRY % "doe2020").replace("'2001.00001'", "2001.0")], "is no arXiv identifier"),
        ([(ENTRY % "doe2020").replace("arxiv: '2001.00001'", "url: example.org")], "needs a doi"),
        ([(ENTRY % "doe2020").replace(", arxiv: '2001.00001'", "")], "needs a doi"),
        ([ENTRY % "Doe-2020"], "lower-case"),
        ([(ENTRY % "doe2020").replace("2020, arxiv", "'20', arxiv")], "`year` a number"),
    ],
)
def test_a_bad_entry_is_refused_by_name(tmp_path, entries, reason):
    with pytest.raises(ValueError, match=reason):
        load(written(tmp_path, *entries))


def test_a_citation_is_a_link_to_its_entry():
    link = cite(EDITION, "goodfellow2015", "../..")
    assert 'href="../../bibliography/#goodfellow2015"' in link
    assert ">Goodfellow et al., 2015</a>" in link
    assert "Explaining and Harnessing" in link
    for base in ("", ".", "./"):
        assert 'href="./bibliography/#madry2018"' in cite(EDITION, "madry2018", base)


def test_an_unknown_citation_suggests_the_nearest():
    with pytest.raises(KeyError, match="goodfellow2015"):
        cite(EDITION, "goodfelow2015", ".")
    with pytest.raises(KeyError, match=r"bibliography\.yml"):
        cite(EDITION, "zzz", ".")


def test_every_citation_finds_its_anchor_on_the_page():
    anchors, links = [], []

    class Collect(HTMLParser):
        def handle_starttag(self, tag, attrs):
            found = dict(attrs)
            anchors.extend([found["id"]] if "id" in found else [])
            links.extend([found["href"]] if "href" in found else [])

    Collect().feed(page(EDITION))
    assert sorted(anchors) == sorted(load(EDITION.bibliography))
    assert sorted(links) == sorted(work.url for work in load(EDITION.bibliography).values())
