"""The claims of the article: its words, verdicts in the list, pages and results that exist; nothing else survives.

The article is not part of this repository. `article_fourgrams.txt` holds, of every four consecutive words of it, the
first 24 bits of a hash, `article_sentences.txt` those of every sentence from five words: enough to recognise its words,
too little to tell what they are.
"""

import hashlib
import re
from pathlib import Path

import pytest

from advlab.chapters.article import verdicts
from advlab.edition import EDITION
from advlab.engine.pages import laws, rendering
from tests.blocks import DOCS, book, url

HASHES = frozenset(Path(__file__).with_name("article_fourgrams.txt").read_text().split())
SENTENCES = frozenset(Path(__file__).with_name("article_sentences.txt").read_text().split())
LENGTH = 4
#: Sentences of fewer words are anybody's.
SHORTEST = 5
#: So many words in a row that are the article's are its sentence, and no turn of phrase of ours.
COPIED = 8
CLAIMS = verdicts.load()
QUOTED = re.compile(r'<< quote\("([^"]+)", "perfecxion2025"\) >>')


def words(text):
    return re.findall(r"[a-z0-9]+", text.lower().replace("’", "'"))


def fourgrams(text):
    found = words(text)
    return [
        hashlib.sha256(" ".join(found[at : at + LENGTH]).encode()).hexdigest()[:6]
        for at in range(len(found) - LENGTH + 1)
    ]


def stands_in_the_article(quotation):
    hashes = fourgrams(quotation)
    return bool(hashes) and all(one in HASHES for one in hashes)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.says[:40])
def test_a_claim_is_the_articles_own_words(claim):
    assert stands_in_the_article(claim.says)
    assert len(claim.says.split()) <= 25


@pytest.mark.parametrize("changed", ["the model achieves 99.45% accuracy on the test set", "none of its words at all"])
def test_other_words_are_noticed(changed):
    assert not stands_in_the_article(changed)


def test_quotations_on_all_pages_stand_in_the_article():
    quotations = [one for page in DOCS.rglob("*.md") for one in QUOTED.findall(page.read_text())]
    assert len(quotations) >= 8
    long_enough = [one for one in quotations if len(words(one)) >= LENGTH]
    assert [one for one in long_enough if not stands_in_the_article(one)] == []
    assert all(len(one.split()) <= 25 for one in quotations)


def longest_copy(text):
    """The number of words of the longest run of words that are the article's."""
    longest = run = 0
    for one in fourgrams(text):
        run = run + 1 if one in HASHES else 0
        longest = max(longest, run)
    return longest + LENGTH - 1 if longest else 0


def copied_sentences(text):
    """The sentences, or lines, of the article that stand in a text as they are, however short."""
    found = (" ".join(words(part)) for part in re.split(r"[.!?:](?:\s|$)|\n", text))
    return [
        one
        for one in found
        if one.count(" ") >= SHORTEST - 1 and hashlib.sha256(one.encode()).hexdigest()[:6] in SENTENCES
    ]


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda page: page.relative_to(DOCS).as_posix())
def test_no_sentence_of_the_article_survives_outside_quotations(page):
    text = QUOTED.sub(" . ", page.read_text())
    assert longest_copy(text) < COPIED
    assert copied_sentences(text) == []


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.says[:40])
def test_what_was_found_is_said_in_our_own_words(claim):
    assert longest_copy(claim.found) < COPIED
    assert copied_sentences(claim.found) == []


def test_a_copied_sentence_would_be_found():
    copied = "So we write: " + max((claim.says for claim in CLAIMS), key=lambda says: len(words(says))) + ", or not."
    assert longest_copy(copied) >= COPIED


def test_a_short_sentence_would_be_found_too():
    quoted = "Adaptive attackers can account for preprocessing in their attack generation"
    assert copied_sentences(f"We say this. {quoted}. And more.") == [quoted.lower()]
    assert copied_sentences(f"We say that {quoted}. And more.") == []


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.says[:40])
def test_found_keeps_the_laws_of_pages_and_its_names_are_known(claim):
    assert [str(breach) for breach in laws.breaches(claim.found, EDITION)] == []
    assert rendering.rendered(claim.found, "article/", book())


@pytest.mark.parametrize("claim", [claim for claim in CLAIMS if claim.page], ids=lambda claim: claim.says[:40])
def test_the_page_exists_with_its_section(claim):
    file, _, section = claim.page.partition("#")
    text = (DOCS / file).read_text()
    headings = re.findall(r"(?m)^#+ (.+)$", text)
    anchors = {re.sub(r"[^\w\s-]", "", heading).strip().lower().replace(" ", "-") for heading in headings}
    assert not section or section in anchors


def test_only_the_world_s_claims_lack_a_page():
    assert {claim.about for claim in CLAIMS if not claim.page} <= {"the world"}


def test_every_verdict_is_given_and_counted():
    assert {claim.verdict for claim in CLAIMS} == set(verdicts.VERDICTS)
    assert verdicts.counts.function().startswith(f"{len(CLAIMS)} claims, ")
    assert sum(int(number) for number in re.findall(r"\d+", verdicts.counts.function())[1:]) == len(CLAIMS)


def test_the_table_has_a_row_a_claim():
    table = verdicts.verdicts.function()
    assert table.count('<q class="quote">') == len(CLAIMS)
    assert all(f"| {claim.found} |" in table for claim in CLAIMS)
    assert table.count("<< link(") == sum(bool(claim.page) for claim in CLAIMS)
    assert table.count("| – |") == sum(not claim.page for claim in CLAIMS)


ROW = "- about: a\n  claims:\n  - {says: %s, verdict: %s, found: %s}\n"


@pytest.mark.parametrize(
    ("rows", "error", "said"),
    [
        (ROW % ("a b", "right", "c"), ValueError, "none of holds"),
        (ROW % ("a " * 26, "holds", "c"), ValueError, "at most 25 words"),
        (ROW % ("a b", "holds", "' '"), ValueError, "not empty"),
        (ROW % ("a b", "holds", "a|b"), ValueError, "no '|'"),
        (ROW % ("a b", "holds", "c") * 2, ValueError, "stands twice"),
        (ROW % ("a b", "holds", "c, where: d"), TypeError, "where"),
    ],
)
def test_a_bad_claim_is_refused(tmp_path, rows, error, said):
    path = tmp_path / "article.yml"
    path.write_text(rows)
    with pytest.raises(error, match=said):
        verdicts.load(path)


def test_the_page_shows_the_table_with_its_numbers():
    source = re.sub(r"\A---\n.*?\n---\n", "", (DOCS / "article.md").read_text(), flags=re.DOTALL)
    shown = rendering.rendered(source, url(DOCS / "article.md"), book())
    assert shown.count('<q class="quote">') >= len(CLAIMS)
    assert 'class="bound" href="../making/#model.architecture"' in shown
