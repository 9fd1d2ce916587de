"""The page of the challenge: its table from a made-up record, its record against the data, its claim both ways."""

import json

import pytest

from advlab import challenge
from advlab.chapters.break_this_page import measure, tables
from advlab.data import subset
from advlab.engine.cache.profile import DRAFT
from advlab.evaluation import Proportion, predict
from tests.chapters.results import changed


def share(count, n=500):
    return Proportion(count, n).to_json()


ENTRIES = [
    {"who": "one", "date": "2026-01-02", "attack": "a", "left": 905},
    {"who": "other", "date": "2026-01-01", "attack": "b", "left": 899},
]
RECORD = {"entries": ENTRIES, "images": 1000, "epsilon": 0.3, "clean": 990, "best": 0.899, "sha256": "0f" * 32}
TRIED = {"n": 500, "clean": share(495), "robust": share(453)}


def test_the_lowest_stands_first():
    shown = tables.results.function(RECORD)
    assert [row[0] for row in shown.rows] == ["other", "one"]
    assert shown.rows[0][3:] == ["89.9%", "899"]


def test_the_network_is_named_with_its_hash():
    cells = str(tables.network.function(RECORD).rows)
    assert "0f" * 16 in cells
    assert "0.3" in cells


def test_the_record_is_whole():
    content = json.loads((challenge.WEIGHTS.parent / "challenge.json").read_text(encoding="utf-8"))
    assert content["best"] == min(one["left"] for one in content["entries"]) / challenge.IMAGES
    assert all({"who", "date", "attack", "left"} <= one.keys() for one in content["entries"])
    found = measure.record.function(DRAFT)
    assert found["sha256"] == challenge.SHA256


def test_the_record_is_that_of_the_long_recipe_and_of_these_weights():
    folder = challenge.WEIGHTS.parent
    record, runs = (json.loads((folder / f"{name}.json").read_text(encoding="utf-8")) for name in ("challenge", "long"))
    judged = runs["figures"]["adversarial"]["accuracy"]["AutoAttack 0.3"]
    assert (record["entries"][0]["left"], record["images"]) == (judged["count"], judged["n"])
    test = subset(record["images"])
    right = predict(challenge.model(), test.images) == test.labels
    assert int(right.sum()) == record["clean"]


@pytest.mark.parametrize("count", [300, 499])
def test_the_claim_holds_and_can_fail(count):
    assert tables.same_as_recorded.function(RECORD, TRIED)
    assert not tables.same_as_recorded.function(RECORD, changed(TRIED, "robust", value=share(count)))
