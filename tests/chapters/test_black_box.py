"""The page on black-box attacks: what it counts equals counting by hand, its figures draw, its claims can fail."""

import json
from functools import partial

import numpy as np
import pytest
import torch

from advlab.attacks import fgsm, pgd
from advlab.attacks.square import square_queries
from advlab.chapters.black_box import between, claims, figures, queries, tables
from advlab.chapters.shared import style
from advlab.data import Dataset
from advlab.evaluation import Proportion, accuracy, predict
from advlab.models import SimpleCNN
from tests.chapters.results import changed


def accuracy_of(value, n=200):
    return Proportion(round(value * n), n).to_json()


# --- what is measured ---------------------------------------------------------------------------------------------


def test_queries_are_counted_by_hand():
    spent = torch.tensor([1, 4, 1, 30, 1001, 1001, 250, 31])
    right = torch.tensor([False, True, True, True, True, True, True, True])
    found = queries.of_square(spent, right)
    assert found["taken"] == [1, 4, 30, 31, 250]
    counts = {mark: one["count"] for mark, one in found["broken within"].items()}
    assert counts == {"1": 1, "10": 2, "30": 3, "100": 4, "300": 5, "1000": 5}
    assert found["broken within"]["10"]["n"] == 7, "of those read right before"
    assert (found["accuracy"]["count"], found["accuracy"]["n"]) == (2, 8), "of all"
    assert found["median"] == 31
    assert queries.of_square(torch.full((4,), 1001), torch.ones(4, dtype=torch.bool))["median"] is None


def test_squares_queries_agree_with_the_models_verdict(trained, digits):
    """More than the budget is said of exactly those that stay right."""
    images, labels = digits.images[:20], digits.labels[:20]
    run = partial(square_queries, epsilon=0.2, queries=30)
    spent = run(trained, images, labels, generator=torch.Generator().manual_seed(1))
    assert ((spent >= 1) & (spent <= 31)).all()
    assert ((spent == 1) == (predict(trained, images) != labels)).all()


def test_distances_and_quartiles():
    found = queries.of_distances(torch.tensor([3.0, 1.0, 2.0, torch.inf, 5.0]))
    assert found == {"median": 3.0, "low quartile": 2.0, "high quartile": 5.0, "fooled": 4}
    assert queries.as_json(torch.tensor([1.23456, torch.inf])) == [1.2346, None]


def test_the_curve_goes_through_every_success():
    at, shares = figures.broken_over_queries([1, 3, 3, 7], n=8, most=10)
    assert at == [1, 1, 3, 3, 7, 10]
    assert shares == [1 / 8, 1 / 8, 2 / 8, 3 / 8, 4 / 8, 4 / 8]


@pytest.fixture(scope="module")
def other():
    with torch.random.fork_rng():
        torch.manual_seed(4)
        return SimpleCNN().eval()


def test_the_matrix_is_what_the_attack_does_on_one_and_the_models_read_of_it(trained, other, digits):
    test = Dataset(digits.images[:60], digits.labels[:60])
    found = between.matrix({"one": trained, "two": other}, test, fgsm)
    attacked = fgsm(trained, test.images, test.labels, between.EPSILON)
    for name, model in (("one", trained), ("two", other)):
        cell = found["made on"]["one"][name]
        right, before = (predict(model, images) == test.labels for images in (attacked, test.images))
        assert cell["accuracy"]["count"] == int(right.sum())
        assert cell["success"]["n"] == int(before.sum())
        assert cell["success"]["count"] == int((before & ~right).sum())
    white = accuracy(trained, test.images, test.labels, partial(fgsm, epsilon=between.EPSILON))
    assert found["made on"]["one"]["one"]["accuracy"]["count"] == white.count
    columns, rows = (found["evidence"][key] for key in ("columns", "images"))
    assert {len(row) for row in rows} == {len(columns)}
    place = columns.index("made on one, read by one")
    assert sum(row[place] == row[1] for row in rows) == white.count


def test_noise_is_the_same_for_all_and_knows_nobody(trained, other, digits):
    test = Dataset(digits.images[:60], digits.labels[:60])
    there = between.matrix({"one": trained, "two": other}, test, fgsm)
    back = between.matrix({"two": other, "one": trained}, test, partial(pgd, generator=torch.Generator(), steps=1))
    assert there["noise"]["one"] == back["noise"]["one"]


# --- what is drawn --------------------------------------------------------------------------------------------------

NAMES = [*(f"standard, seed {seed}" for seed in between.SEEDS), between.ROBUST]


def square_result():
    rows = {}
    for epsilon, reach in zip(("0.1", "0.2", "0.3"), (0.2, 0.8, 0.98), strict=True):
        marks = {
            str(mark): accuracy_of(reach * np.log(mark) / np.log(queries.SQUARE_QUERIES), 100) for mark in queries.MARKS
        }
        taken = [int(one) for one in np.geomspace(1, 1000, round(100 * reach))]
        rows[epsilon] = {"broken within": marks, "accuracy": accuracy_of(1 - reach), "taken": taken, "median": 90}
    return {"queries": queries.SQUARE_QUERIES, "n": 100, "images": 101, "epsilons": rows}


def jump_result():
    grey = [[(7 * row + column) % 256 for column in range(28)] for row in range(28)]
    rows = {
        str(budget): {
            "median": 100 / (budget + 10) + 2,
            "low quartile": 50 / (budget + 10) + 2,
            "high quartile": 150 / (budget + 10) + 2,
            "fooled": 33,
        }
        for budget in queries.BUDGETS
    }
    after = {
        str(budget): [{"grey levels": grey, "L2": None if budget == 50 else 2.5, "read": 8}] * 2
        for budget in queries.BUDGETS
    }
    return {
        "n": 33,
        "budgets": rows,
        "DeepFool": {"median": 1.4, "low quartile": 1.0, "high quartile": 1.9, "fooled": 33},
        "shown": {"labels": [7, 2], "clean": [grey, grey], "after": after},
    }


def matrix_result(own, others):
    def cell(maker, name):
        share = own if maker == name else 0.02 if between.ROBUST in (maker, name) else others
        pair = {"only_first": round(200 * share), "only_second": 1, "p": 1e-9}
        return {"accuracy": accuracy_of(1 - share), "success": accuracy_of(share), "against noise": pair}

    return {
        "n": 200,
        "clean": {name: accuracy_of(0.99) for name in NAMES},
        "noise": {name: accuracy_of(0.97) for name in NAMES},
        "made on": {maker: {name: cell(maker, name) for name in NAMES} for maker in NAMES},
    }


# As the store gives them back: keys sorted as words.
SQUARE, JUMP, FGSM, PGD = (
    json.loads(json.dumps(one, sort_keys=True))
    for one in (square_result(), jump_result(), matrix_result(0.55, 0.3), matrix_result(0.98, 0.5))
)
DRAWINGS = {
    figures.square_curve: (SQUARE,),
    figures.jump_curve: (JUMP,),
    figures.walk: (JUMP,),
    figures.matrices: (FGSM, PGD),
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("drawing", DRAWINGS, ids=lambda one: one.name)
def test_figures_draw_in_both_schemes(drawing, scheme):
    with style.scheme(scheme):
        drawn = drawing(*DRAWINGS[drawing])
        assert b"<svg" in style.save(drawn.figure)
    assert len(drawn.alt) > 40
    assert len(drawn.caption) > 40


def test_numbers_stand_in_the_words():
    with style.scheme("light"):
        assert "98.0% within 1000" in figures.square_curve(SQUARE).alt
        assert "1.40" in figures.jump_curve(JUMP).alt
        assert "from L2 – to 2.5" in figures.walk(JUMP).alt
        assert figures.off_diagonal(PGD, NAMES[0]) == pytest.approx((0.5 + 0.5 + 0.02) / 3)


def test_curves_go_from_few_queries_to_many():
    with style.scheme("light"):
        lines = figures.jump_curve(JUMP).figure.axes[0].lines
        assert list(lines[0].get_xdata()) == sorted(queries.BUDGETS)
        marks = figures.square_curve(SQUARE).figure.axes[0].lines[1]
        assert list(marks.get_xdata()) == sorted(queries.MARKS)
        assert list(marks.get_ydata()) == sorted(marks.get_ydata())


def test_the_table_of_knowledge_goes_from_nothing_to_all():
    rows = tables.knowledge(FGSM, PGD, SQUARE).rows
    shown = [row[2].split("%")[0] for row in rows]
    assert shown == ["97.0", "70.0", "50.0", "20.0", "45.0", "2.0"]
    assert [row[1] for row in rows] == [
        "",
        *["AML.T0043.002, AML.T0005"] * 2,
        "AML.T0043.001, AML.T0040",
        *["AML.T0043.000, AML.T0044"] * 2,
    ]
    assert len(tables.transferred(FGSM, PGD).rows) == 1 + 2 * len(NAMES)


# --- what is claimed --------------------------------------------------------------------------------------------------


ONE, TWO = NAMES[:2]
CLAIMS = [
    (claims.scores_are_enough, (SQUARE,), ("epsilons", "0.3", "broken within", "1000"), accuracy_of(0.8)),
    (claims.more_room_is_cheaper, (SQUARE,), ("epsilons", "0.1", "broken within", "100"), accuracy_of(0.9)),
    (claims.nearer_with_queries, (JUMP,), ("budgets", "500", "median"), 9.0),
    (claims.all_are_fooled, (JUMP,), ("budgets", "500", "fooled"), 32),
    (claims.gradients_come_nearer, (JUMP,), ("DeepFool", "median"), 3.0),
    (claims.noise_does_little, (FGSM,), ("noise", TWO), accuracy_of(0.85)),
    (claims.transfer_beats_noise, (PGD,), ("made on", ONE, TWO, "against noise", "p"), 0.2),
    (claims.transfer_is_weaker, (FGSM, PGD), ("made on", ONE, TWO, "success"), accuracy_of(0.99)),
    (claims.secrecy_buys_little, (FGSM, PGD), ("made on", TWO, ONE, "accuracy"), accuracy_of(0.9)),
    (claims.trained_needs_its_own, (PGD,), ("made on", ONE, between.ROBUST, "success"), accuracy_of(0.99)),
    (claims.questions_do_more, (PGD, SQUARE), ("epsilons", "0.2", "accuracy"), accuracy_of(0.6)),
    (claims.weights_do_most, (FGSM, PGD, SQUARE), ("epsilons", "0.2", "accuracy"), accuracy_of(0.6)),
    (claims.weights_do_most, (FGSM, PGD, SQUARE), ("epsilons", "0.2", "accuracy"), accuracy_of(0.01)),
    (claims.budget_runs_out, (SQUARE,), ("epsilons", "0.1", "broken within", "1000"), accuracy_of(0.6)),
]


@pytest.mark.parametrize(("claim", "results", "path", "value"), CLAIMS, ids=lambda one: getattr(one, "name", None))
def test_claims_hold_and_can_fail(claim, results, path, value):
    assert claim(*results)
    *before, last = results
    assert not claim(*before, changed(last, *path, value=value))
