"""The page on ensembles: the matrix on models with known answers; figures, tables, claims on made-up results."""

import json

import matplotlib.pyplot as plt
import pytest
import torch
from torch import nn

from advlab.attacks import fgsm
from advlab.chapters.ensembles import claims, comparison, figures, layered, measure, tables
from advlab.chapters.shared import style
from advlab.data import Dataset, indices
from advlab.defenses import judged
from advlab.evaluation import Proportion, predict

SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])
MEMBERS = ("seed 0", "seed 1", "seed 2")


def share(count, n=200):
    return Proportion(count, n).to_json()


def within(own, other, vote, whole, members=MEMBERS, epsilons=("0.1", "0.2", "0.3")):
    """The same counts at every epsilon: by the maker itself, by the others, by the vote; made on the mean, by all."""
    judges = [*members, "mean", "vote"]
    rows = {
        made: {name: share(vote if name in ("mean", "vote") else own if name == made else other) for name in judges}
        for made in members
    } | {"mean": {name: share(whole) for name in judges}}
    found = {"n": 200, "steps": 20, "clean": {name: share(198) for name in judges}}
    found |= {"epsilons": dict.fromkeys(epsilons, rows)}
    return json.loads(json.dumps(found, sort_keys=True))  # as the store gives it back


def stacked(naive=190, whole=2):
    layers = ("one member", "ensemble", "filter and ensemble", "flagged", "stack")
    under = {attack: {layer: share(naive) for layer in layers} for attack in figures.LADDER}
    under["attack on the stack"] = {layer: share(whole) for layer in layers}
    found = {"n": 200, "epsilon": 0.3, "under": under, "clean right and not flagged": share(186)}
    return json.loads(json.dumps(found, sort_keys=True))


FGSM, PGD = within(100, 180, 185, 60), within(20, 150, 181, 4)


class Fixed(nn.Module):
    """Always the same class, as sure as told; a little of the image, so that there is a gradient."""

    def __init__(self, answer, sure):
        super().__init__()
        self.logits = sure * torch.eye(10)[answer]

    def forward(self, images):
        return self.logits + 0 * images.flatten(1).sum(1, keepdim=True)


def test_the_matrix_by_hand(digits):
    test = Dataset(digits.images[:10], torch.zeros(10, dtype=torch.long))
    models = {"seed 0": Fixed(0, 9.0), "seed 1": Fixed(1, 1.0), "seed 2": Fixed(1, 1.0)}
    found = measure.matrix(models, test, fgsm, (0.1,))
    row = found["epsilons"]["0.1"]["seed 1"]
    assert {name: one["count"] for name, one in row.items()} == {
        "seed 0": 10,
        "seed 1": 0,
        "seed 2": 0,
        "mean": 10,  # one is surer than the two others together
        "vote": 0,
    }
    assert list(found["epsilons"]["0.1"]) == ["seed 0", "seed 1", "seed 2", "mean"]
    assert found["clean"]["mean"]["count"] == 10
    assert len(found["evidence"]["images"][0]) == len(found["evidence"]["columns"]) == 2 + 4 * 5
    assert found["evidence"]["images"][3][0] == int(indices(10)[3])


def test_the_attackers_stack_computes_what_the_stack_computes(trained, digits):
    few = digits.images[:8]
    ensemble = layered.filtered([trained, trained])
    attacked = layered.guarded(ensemble.through()).through().eval()
    for found, expected in zip(attacked(few), judged(layered.guarded(ensemble), few), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    assert torch.equal(
        predict(layered.filtered([trained]), few),
        judged(layered.guarded(layered.filtered([trained])), few)[0].argmax(1),
    )


def test_the_limit_is_set_on_other_images():
    index = indices(500)
    rest = layered.others(index)
    assert len(rest) == layered.CALIBRATION
    from advlab.data import subset

    attacked = {tuple(image.flatten().tolist()) for image in subset(500).images[:50]}
    assert not attacked & {tuple(image.flatten().tolist()) for image in rest}


def test_what_others_see():
    assert figures.elsewhere(FGSM, "0.1") == pytest.approx(0.9)
    assert comparison.makers(FGSM) == [*MEMBERS, measure.MEAN]
    assert figures.judges(FGSM) == [*MEMBERS, "mean", "vote"]


@SCHEMES
def test_figures(scheme):
    with style.scheme(scheme):
        drawn = [
            figures.matrices.function(FGSM, PGD),
            figures.dots.function(FGSM, PGD, stacked()),
            figures.layers.function(stacked()),
        ]
        assert all(style.save(drawing.figure).startswith(b"<?xml") for drawing in drawn)
    matrices, dots, layers = drawn
    assert "FGSM at 0.1: made on one member, 90.0% on the others; made on the mean, 30.0% by vote" in matrices.alt
    assert "vote, ε = 0.1: 92.5% and 2.0%" in dots.alt
    assert "stack, ε = 0.3: 95.0% and 1.0%" in dots.alt
    assert "attack on the stack: one member 1.0%" in layers.alt
    assert not plt.get_fignums()


def test_tables():
    rows = tables.judged_by_all.function(FGSM, PGD).rows
    assert len(rows) == 6
    assert rows[0][:4] == ["0.1", "FGSM", "50.0%", "90.0%"]
    assert rows[1][5].startswith("2.0%")
    assert [row[0] for row in tables.stacked.function(stacked()).rows] == list(figures.LADDER)


def test_claims_can_be_true_and_false():
    whole = within(20, 150, 181, 60)
    for claim, true, false in [
        (claims.others_see_more, [FGSM, PGD], [within(180, 100, 100, 60), PGD]),
        (claims.the_vote_looks_strong, [FGSM, PGD], [FGSM, within(20, 150, 100, 4)]),
        (claims.the_mean_breaks_the_vote, [PGD], [whole]),
        (claims.knowing_all_matters, [PGD], [within(20, 150, 30, 20)]),
        (claims.three_cost_a_little_more, [whole], [PGD]),
        (claims.the_stack_looks_strong, [stacked()], [stacked(naive=50)]),
        (claims.the_stack_falls, [stacked()], [stacked(whole=20)]),
    ]:
        assert claim.function(*true), claim.name
        assert not claim.function(*false), claim.name
