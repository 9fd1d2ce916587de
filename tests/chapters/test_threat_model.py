"""The page on threat models: doors withhold what they should; figures, table and claims on made-up results."""

import json
import re
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
import torch

from advlab.chapters.shared import style
from advlab.chapters.threat_model import claims, figures, measure
from advlab.evaluation import Proportion
from tests.chapters.results import changed


def share(count):
    return Proportion(count, 100).to_json()


def made_up():
    found = {
        "FGSM": (40, None, None, None),
        "PGD": (2, None, None, None),
        "Square": (30, 30, 90, None),
        "HopSkipJump": (50, 50, 50, None),
        "transfer": (60, 60, 60, 60),
    }
    left = {
        name: {door: None if one is None else share(one) for door, one in zip(measure.DOORS, row, strict=True)}
        for name, row in found.items()
    }
    result = {"n": 100, "epsilon": 0.2, "clean": share(98), "left": left}
    return json.loads(json.dumps(result, sort_keys=True))


def test_what_comes_through_each_door(network, digits):
    network.eval()
    images = digits.images[:4].clone().requires_grad_()
    logits = network(images)
    through = {opened: measure.Door(network, opened) for opened in measure.DOORS}
    assert torch.equal(through["full model"](images), logits)
    assert through["full model"](images).requires_grad
    scores = through["scores"](images)
    assert torch.equal(scores, logits)
    assert not scores.requires_grad
    classes = through["decisions"](images)
    assert torch.equal(classes.argmax(1), logits.argmax(1))
    assert set(classes.unique().tolist()) == {0.0, 1.0}
    assert not classes.requires_grad
    with pytest.raises(measure.Shut):
        through["nothing"](images)


def test_attacks_run_only_where_they_get_what_they_need(network, digits, monkeypatch):
    monkeypatch.setattr(measure, "SCORE_QUERIES", 5)
    monkeypatch.setattr(measure, "DECISION_QUERIES", 60)
    monkeypatch.setattr(measure, "STEPS", 2)
    few = type(digits)(digits.images[:6], digits.labels[:6])
    left = measure.behind(network.eval(), network, few)
    runs = {name: {door for door, one in row.items() if one is not None} for name, row in left.items()}
    assert runs == {
        "FGSM": {"full model"},
        "PGD": {"full model"},
        "Square": {"full model", "scores", "decisions"},
        "HopSkipJump": {"full model", "scores", "decisions"},
        "transfer": set(measure.DOORS),
    }
    for row in left.values():
        for one in row.values():
            if one is not None:
                assert sum(one["verdicts"]) == one["count"]
                assert one["n"] == 6


def test_a_broken_attack_is_no_finding(network, digits, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(measure, "fgsm", broken)
    with pytest.raises(RuntimeError, match="out of memory"):
        measure.behind(network, network, digits)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_figure(scheme):
    with style.scheme(scheme):
        drawing = figures.needs.function(made_up())
        assert style.save(drawing.figure).startswith(b"<?xml")
    assert "FGSM: full model 40.0% left, scores cannot run" in drawing.alt
    assert not plt.get_fignums()


def test_table():
    rows = figures.left.function(made_up()).rows
    assert [row[0] for row in rows] == list(figures.ATTACKS)
    assert rows[0][1].startswith("40.0%")
    assert rows[0][2:] == ["cannot run"] * 3


@pytest.mark.parametrize(
    ("claim", "path", "value"),
    [
        (claims.gradients_need_the_model, ("FGSM", "scores"), share(90)),
        (claims.gradients_need_the_model, ("PGD", "full model"), None),
        (claims.scores_need_scores, ("Square", "decisions"), share(30)),
        (claims.scores_need_scores, ("Square", "full model"), share(10)),
        (claims.decisions_are_enough, ("HopSkipJump", "full model"), share(10)),
        (claims.nothing_is_something, ("transfer", "nothing"), share(97)),
        (claims.nothing_is_something, ("Square", "nothing"), share(97)),
    ],
)
def test_claims_can_be_true_and_false(claim, path, value):
    assert claim.function(made_up())
    assert not claim.function(changed(made_up(), "left", *path, value=value))


#: Paragraphs that name a standard or an identifier without a source beside them, read by a person; by first words.
REVIEWED = (
    "After this page you can",  # what the page offers
    "| white box |",  # the sentence below the table cites all three catalogues
    "| black box, scores |",
    "| black box, decisions |",
    "| black box, transfer |",
    "| grey box |",
    "**Black box: questions only.**",  # the paragraph below the table cites NIST for the same identifier
)


def paragraphs():
    """The page's paragraphs and table rows, without front matter and fences."""
    text = (Path(__file__).parents[2] / "docs/threat_model.md").read_text(encoding="utf-8").split("---\n", 2)[2]
    text = re.sub(r"(?s)```.*?```", "", text)
    parts = [part for block in text.split("\n\n") for part in (block.split("\n") if "|" in block[:1] else [block])]
    return [part.strip() for part in parts if part.strip()]


def test_what_is_said_of_the_standards_has_its_source_beside_it_or_was_reviewed():
    standard = re.compile(r"NIST|MITRE|ATLAS|OWASP|AML\.|ML\d\d:")
    named = [part for part in paragraphs() if standard.search(re.sub(r"<<.*?>>", "", part))]
    assert len(named) > 4
    uncited = [part for part in named if "<< cite(" not in part and not part.startswith(REVIEWED)]
    assert uncited == []


def test_no_review_is_stale():
    assert [start for start in REVIEWED if not any(part.startswith(start) for part in paragraphs())] == []
