"""Every figure's words: they tell what the picture shows, come from the data, and say n and interval of an accuracy."""

import re

import pytest

from tests.blocks import book

FIGURES = sorted(book().content.get("figures", {}))
#: Words of a picture in which a share of test images is drawn with its chance.
SHARE = re.compile(r"\baccurac|\bshare of (the )?(test )?images|\bimages right", re.IGNORECASE)
N = re.compile(r"\bn = \d|\d[\d,]* (test )?(images|digits|pairs)|\bn of each\b")
CHANCE = re.compile(r"interval|\bband\b|Wilson", re.IGNORECASE)


def words(name):
    return book().entry("figure", name).json("figure.json")


@pytest.mark.parametrize("name", FIGURES)
def test_the_alternative_text_says_what_is_to_be_seen(name):
    alt = words(name)["alt"]
    assert 60 <= len(alt) <= 2000, alt
    assert not re.match(r"(?i)(a |an |the )?(figure|image|picture|plot|chart|graph)\b( of| showing)", alt), alt
    assert re.search(r"\d", alt), f"no figure of the data in: {alt}"
    assert alt.rstrip().endswith("."), alt


@pytest.mark.parametrize("name", FIGURES)
def test_a_caption_of_an_accuracy_says_n_and_its_interval(name):
    said = words(name)
    if SHARE.search(said["caption"]) or SHARE.search(said["alt"].partition(".")[0]):
        assert N.search(said["caption"]), said["caption"]
        assert CHANCE.search(said["caption"]), said["caption"]


def test_most_figures_of_accuracy_are_looked_at():
    assert sum(bool(SHARE.search(words(name)["caption"])) for name in FIGURES) > 8
