"""The anchors: the measurements on models with known answers; figure, tables and claims on made-up results."""

import json

import pytest
import torch
from torch import nn

from advlab.chapters.article import anchors, figures, measure, tables
from advlab.chapters.shared import style
from advlab.chapters.shared.published import published
from advlab.data import Dataset
from advlab.evaluation import Proportion
from tests.chapters.results import changed


def share(count, n=1000):
    return Proportion(count, n).to_json()


SHALLOW = {
    "epsilon": 0.25,
    "n": 1000,
    "clean": {"error": share(80), "confidence of errors": 0.5},
    "FGSM": {"error": share(998), "confidence of errors": 0.8},
    "FGSM, clipped": {"error": share(990), "confidence of errors": 0.8},
}
LINEAR = {"epsilons": {"0.2": {"accuracy": share(10)}}}
TABLE = {
    e: {"accuracy": share(round(1000 * published(f"tutorial_fgsm_{e}")["value"]))}
    for e in ("0.05", "0.1", "0.2", "0.3")
}
CURVE = {e: {"accuracy": share(round(1000 * published(f"tutorial_fgsm_{e}")["value"]))} for e in ("0.15", "0.25")}
MOVED = {
    "epsilon": 0.2,
    "n": 1000,
    "steps": 20,
    "clean": share(990),
    "source, FGSM on itself": share(450),
    "FGSM on the source": share(930),
    "FGSM": share(900),
    "PGD": share(100, 500),
}
CHALLENGE = {
    "n": 1000,
    "restarts": 3,
    "clean": share(990),
    "FGSM": share(960),
    "PGD": share(920),
    "PGD, restarts": share(910),
}
RECORD = {"best": 0.896, "images": 1000}
RESULTS = [
    json.loads(json.dumps(one, sort_keys=True)) for one in (SHALLOW, LINEAR, TABLE, CURVE, MOVED, CHALLENGE, RECORD)
]


class Bright(nn.Module):
    """Class 1 where the mean pixel is above one half, else class 0: its gradient is the same in every pixel."""

    def forward(self, images):
        mean = images.flatten(1).mean(1)
        return torch.stack([0.5 - mean, mean - 0.5], 1) * 10


def test_regression_by_hand():
    images = torch.full((4, 1, 28, 28), 0.45)
    images[2:] = 0.0  # far below one half: no step of 0.1 gets there
    found = measure.regression(Bright(), Dataset(images, torch.zeros(4, dtype=torch.long)), 0.1)
    assert found["clean"]["error"]["count"] == 0
    assert found["FGSM"]["error"]["count"] == 2
    sure = torch.sigmoid(torch.tensor(1.0))  # logits of -0.5 and 0.5 at a mean of 0.55
    assert found["FGSM"]["confidence of errors"] == pytest.approx(float(sure), abs=1e-5)


def test_clipping_takes_back_what_leaves_the_range():
    images = torch.zeros(1, 1, 28, 28)
    images[..., :14] = 1.0
    images[..., 14] = 0.28  # a mean of 0.51, read as 1
    labels = torch.ones(1, dtype=torch.long)
    found = measure.regression(Bright(), Dataset(images, labels), 0.015)
    assert found["clean"]["error"]["count"] == 0
    assert found["FGSM"]["error"]["count"] == 1  # 0.51 - 0.015
    assert found["FGSM, clipped"]["error"]["count"] == 0  # the black half cannot get darker: 0.51 - 0.008
    assert measure.read(Bright(), images, labels)["confidence of errors"] is None


def test_transfer_and_the_challenge_on_a_small_model(trained, digits):
    few = Dataset(digits.images[:20], digits.labels[:20])
    found = measure.transferred(trained, trained, few, few)
    assert found["FGSM on the source"] == found["FGSM"] == found["source, FGSM on itself"]
    assert found["PGD"]["count"] <= found["FGSM"]["count"] <= found["clean"]["count"]
    attacked = measure.attacked(trained, few)
    assert attacked["PGD, restarts"]["count"] <= attacked["PGD"]["count"] <= attacked["clean"]["count"]


def test_an_error_is_what_is_left_of_an_accuracy():
    of = anchors.turned(share(900))
    assert of["value"] == pytest.approx(0.1)
    assert of["low"] < of["value"] < of["high"]


def test_every_anchor_names_a_published_figure_of_its_source():
    rows = anchors.anchors(*RESULTS)
    assert len({row.key for row in rows}) == len(rows) >= 15
    assert all(0 <= row.theirs <= 1 and 0 <= row.value <= 1 for row in rows)
    tutorial = [row for row in rows if row.key.startswith("tutorial")]
    assert all(row.value == pytest.approx(row.theirs, abs=1e-3) for row in tutorial)
    assert {row.value for row in rows if row.key == "goodfellow_threes_error"} == {0.99}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_figure(scheme):
    with style.scheme(scheme):
        drawing = figures.beside.function(*RESULTS)
        assert style.save(drawing.figure).startswith(b"<?xml")
    assert "error: 99.9% and 99.8%" in drawing.alt


def test_tables():
    shown = tables.beside.function(*RESULTS)
    assert len(shown.rows) == len(anchors.anchors(*RESULTS))
    assert "99.90%" in shown.rows[0][2]
    assert [row[2][:5] for row in tables.nsl.function(RESULTS[4]).rows] == ["99.0%", "93.0%", "90.0%", "20.0%"]


def test_claims_can_be_true_and_false():
    for claim, true, false in [
        (tables.transfer_flatters, [MOVED], [changed(MOVED, "PGD", value=share(900))]),
        (tables.transfer_looks_robust, [MOVED], [changed(MOVED, "FGSM on the source", value=share(500))]),
        (tables.linear_falls_entirely, [SHALLOW], [changed(SHALLOW, "FGSM", "error", value=share(900))]),
        (tables.within_ten_points, [TABLE, CURVE], [TABLE, changed(CURVE, "0.15", "accuracy", value=share(300))]),
        (tables.attacks_in_order, [CHALLENGE], [changed(CHALLENGE, "PGD, restarts", value=share(970))]),
    ]:
        assert claim.function(*true), claim.name
        assert not claim.function(*false), claim.name
