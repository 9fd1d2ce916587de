"""The page on FGSM: its shortcuts equal the library's attack, its formulas equal brute force, its figures draw."""

import itertools
import json
import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from advlab.attacks import fgsm
from advlab.chapters.fgsm import claims, control, examples, figures, measure, pictures, tables, theory
from advlab.chapters.shared import sign_steps, style
from advlab.data import mnist, subset
from advlab.edition import EDITION
from advlab.evaluation import Proportion, logits
from tests.chapters.results import changed


def accuracy(value, n=1000):
    return Proportion(round(value * n), n).to_json()


# --- what is measured ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("epsilon", [0.0, 0.025, 0.1, 0.2, 0.3, 1.0])
def test_one_gradient_serves_all_epsilons(network, digits, epsilon):
    """The curve takes the sign once; the attack gives the same pixels, unless a gradient is next to zero."""
    step = sign_steps.signs(network.eval(), digits.images, digits.labels)
    expected = fgsm(network, digits.images, digits.labels, epsilon)
    assert (sign_steps.stepped(digits.images, step, epsilon) == expected).float().mean() >= 0.998


def test_gradient_is_each_images_own(network, digits):
    network.eval()
    together = sign_steps.gradient(network, digits.images[:5], digits.labels[:5])
    alone = [sign_steps.gradient(network, digits.images[i : i + 1], digits.labels[i : i + 1]) for i in range(5)]
    torch.testing.assert_close(together, torch.cat(alone), rtol=1e-4, atol=1e-6)
    assert not digits.images.requires_grad
    assert all(parameter.grad is None for parameter in network.parameters())


def test_verdicts_are_those_of_the_attack(network, digits):
    verdicts = measure.under_fgsm(network.eval(), digits, (0.1, 0.25))
    for epsilon, predicted in verdicts.items():
        attacked = fgsm(network, digits.images, digits.labels, float(epsilon))
        assert torch.equal(predicted, logits(network, attacked).argmax(1))


def test_errors_are_counted_by_hand():
    change = torch.tensor([[[[0.1, 0.0]]], [[[-0.1, 0.1]]]])
    sureness, predicted = torch.tensor([0.95, 0.5]), torch.tensor([1, 2])
    found = measure.of_attack(change, sureness, predicted, torch.tensor([0, 2]))
    assert found["errors"] == 1
    assert found["confident errors"]["count"] == 1
    assert found["mean confidence of errors"] == pytest.approx(0.95)
    assert found["moved pixels"] == pytest.approx(0.75)
    assert found["mean L2"] == pytest.approx((0.1 + math.hypot(0.1, 0.1)) / 2)
    assert measure.of_attack(change, sureness, predicted, predicted)["confident errors"] is None


def test_the_band_takes_a_subset_of_all_or_all_of_a_few():
    assert measure.of_band(subset(120)).tolist() == list(range(120))
    many = mnist("test")
    assert len(measure.of_band(many)) == measure.BAND_IMAGES


def test_noise_of_a_length_has_it(digits):
    generator = torch.Generator().manual_seed(1)
    coins = theory.coins(tuple(digits.images.shape), generator)
    lengths = torch.linspace(0.1, 6, len(digits))
    noisy = sign_steps.of_length(digits.images, coins, lengths)
    assert noisy.min() >= 0
    assert noisy.max() <= 1
    torch.testing.assert_close((noisy - digits.images).flatten(1).norm(dim=1), lengths, rtol=1e-4, atol=1e-5)
    assert ((noisy - digits.images) * coins >= 0).all(), "every pixel moves its coin's way or not at all"


def test_the_sign_is_the_best_corner_of_a_linear_model():
    """All corners of a small ball, one by one: the worst of them is what the formula says."""
    torch.manual_seed(3)
    score = nn.Linear(6, 1, dtype=torch.float64)
    image, epsilon, label = torch.rand(6, dtype=torch.float64), 0.1, torch.tensor([1])
    margin = score(image)
    worst = -F.logsigmoid(margin - epsilon * score.weight.abs().sum())

    def loss(moved):
        value = score(moved)
        return F.cross_entropy(torch.stack([torch.zeros_like(value), value], dim=-1).reshape(1, 2), label)

    corners = [image + epsilon * torch.tensor(c, dtype=torch.float64) for c in itertools.product((-1, 1), repeat=6)]
    assert max(loss(corner).item() for corner in corners) == pytest.approx(worst.item(), abs=1e-12)


def test_linear_model_measures_what_it_says():
    digits = theory.only_digits(subset(400))
    assert set(digits.labels.tolist()) == {0, 1}
    model, again = theory.trained_linear(digits), theory.trained_linear(digits)
    assert torch.equal(model(digits.images), again(digits.images)), "no chance in it"
    assert (logits(model, digits.images).argmax(1) == digits.labels).double().mean() > 0.95
    step = sign_steps.gradient(model, digits.images, digits.labels).sign()
    margin = (2 * digits.labels - 1) * logits(model, digits.images)[:, 1]
    predicted = -F.logsigmoid(margin - 0.1 * model.score.weight.abs().sum())
    reached = theory.losses(model, digits.images + 0.1 * step, digits.labels)
    torch.testing.assert_close(reached, predicted, rtol=0, atol=1e-12)


def test_a_whole_image_survives_as_grey_levels(digits):
    levels = torch.tensor(examples.whole(digits.images[0] * 255))
    assert torch.equal(levels / 255, digits.images[0, 0])


# --- what is drawn --------------------------------------------------------------------------------------------------

TABLE = {
    f"{epsilon:g}": {
        "accuracy": accuracy(share),
        "on the band's images": accuracy(share, 500),
        "epsilon": measure.units(epsilon),
        "errors": round(1000 * (1 - share)),
        "confident errors": accuracy(0.4, 100) if epsilon else None,
        "mean confidence of errors": 0.8,
        "moved pixels": 0.6 if epsilon else 0.0,
        "mean L2": 20 * epsilon,
    }
    for epsilon, share in zip(measure.EPSILONS, (0.99, 0.96, 0.87, 0.43, 0.15), strict=True)
}
CURVE = {
    f"{epsilon:g}": {"accuracy": accuracy(1 - 3 * epsilon), "on the band's images": accuracy(1 - 3 * epsilon, 500)}
    for epsilon in measure.BETWEEN
}
SEED = {f"{epsilon:g}": accuracy(0.99 - 2.5 * epsilon, 500) for epsilon in measure.BAND}
NOISE = {
    f"{epsilon:g}": {
        "FGSM": {"accuracy": accuracy(0.96 - 2.5 * epsilon), "L2": 20 * epsilon},
        "same epsilon": {"accuracy": accuracy(0.99 - epsilon / 5), "L2": 21 * epsilon},
        "same L2": {"accuracy": accuracy(0.99 - epsilon / 6), "L2": 20 * epsilon},
    }
    for epsilon in control.EPSILONS
}
BEYOND = {f"{epsilon:g}": {"accuracy": accuracy(abs(epsilon - 0.5) / 2)} for epsilon in measure.BEYOND}
RISE = {
    "n": 500,
    "epsilons": {
        f"{e:g}": {"predicted": 2 * e, "measured": 2 * e * (1 + 20 * e), "noise": e * e} for e in theory.RISES
    },
}
PATH = {
    "index": 7,
    "label": 9,
    "steps": list(theory.STEPS),
    "FGSM": [0.1 + 10 * step for step in theory.STEPS],
    "random": [0.1 + step for step in theory.STEPS],
    "lowest of random": [0.1 for _ in theory.STEPS],
    "highest of random": [0.1 + 2 * step for step in theory.STEPS],
    "directions": 50,
    "slope": 7.0,
    "random slope": 0.4,
}
LINEAR = {
    "n": 2038,
    "train images": 1200,
    "corners": 100,
    "accuracy": accuracy(0.98),
    "epsilons": {
        f"{e:g}": {
            "predicted": 50 * e,
            "measured": 50 * e,
            "corners": e,
            "clipped": 20 * e,
            "largest difference": 1e-14,
            "corners above": 0,
            **{name: accuracy(0.5 - e) for name in ("predicted accuracy", "accuracy", "clipped accuracy")},
        }
        for e in theory.LINEAR_EPSILONS
    },
}


def example(index, label):
    rows = [[(17 * index + 9 * row * column) % 256 for column in range(28)] for row in range(28)]
    signs = [[(row + column + index) % 3 - 1 for column in range(28)] for row in range(28)]
    answers = {}
    for epsilon in examples.FRAMES:
        wrong = min(1.0, 3 * epsilon)
        answers[f"{epsilon:g}"] = [1 - wrong if digit == label else wrong / 9 for digit in range(10)]
    return {"index": index, "label": label, "grey levels": rows, "sign": signs, "probabilities": answers}


EXAMPLES = {
    "images": [example(index, label) for index, label in enumerate((7, 2, 1, 0, 4))],
    "gradient of the first": [[(row - column) / 28 for column in range(28)] for row in range(28)],
    "largest gradient of the first": 1e-5,
}
DRAWINGS = {
    figures.loss_along: (PATH,),
    figures.rises: (RISE,),
    figures.accuracy_curve: (TABLE, CURVE, {"seed 1": SEED}, {"seed 2": SEED}, NOISE),
    figures.too_far: (BEYOND,),
    pictures.process: (EXAMPLES,),
    pictures.side_by_side: (EXAMPLES,),
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("drawing", DRAWINGS, ids=lambda one: one.name)
def test_figures_draw_in_both_schemes(drawing, scheme):
    with style.scheme(scheme):
        drawn = drawing(*DRAWINGS[drawing])
        assert b"<svg" in style.save(drawn.figure)
    assert len(drawn.alt) > 40
    assert len(drawn.caption) > 40


def test_the_curve_tells_its_numbers_in_words():
    with style.scheme("light"):
        drawn = figures.accuracy_curve(*DRAWINGS[figures.accuracy_curve])
    assert "43.0% at 0.2" in drawn.alt
    assert "n = 1,000" in drawn.caption
    assert "n = 500" in drawn.caption
    assert "3 trainings" in drawn.caption


def test_the_slider_has_a_small_frame_for_each_epsilon():
    with style.scheme("dark"):
        made = pictures.epsilon(EXAMPLES)
        assert [label for label, _ in made.frames][4] == "ε = 0.1 (25.5/255)"
        assert len(made.frames) == len(examples.FRAMES)
        assert all(len(style.save(frame.figure)) < 25_000 and frame.alt for _, frame in made.frames)


def test_tables_show_each_epsilon_in_three_units():
    shown = tables.epsilons(TABLE)
    assert [row[:3] for row in shown.rows][2] == ["0.1", "25.5/255", "0.325"]
    assert shown.rows[0][-1] == "no errors"
    assert shown.rows[2][-1] == "40 of 100"
    assert len(tables.controls(NOISE).rows) == len(control.EPSILONS)
    assert len(tables.worst_case(LINEAR).rows) == len(theory.LINEAR_EPSILONS)


def test_published_figures_stand_beside_ours():
    shown = tables.beside(TABLE, CURVE)
    row = next(row for row in shown.rows if row[0] == "0.2")
    assert "43.0%" in row[1]
    assert "48.77%" in row[2]
    assert "41.23%" in row[3]
    known = json.loads(EDITION.published.read_text(encoding="utf-8"))
    assert known["tutorial_fgsm_0.2"]["cite"] == "inkawhich2018"


# --- what is claimed --------------------------------------------------------------------------------------------------


DISTANCES = {"smallest": 0.9, "median": 0.95, "test images": 200, "train images": 6000}
CLAIMS = [
    (claims.accuracy_falls, TABLE, ("0.3", "accuracy"), accuracy(0.9)),
    (claims.as_expected, TABLE, ("0.2", "accuracy"), accuracy(0.6)),
    (claims.most_pixels_move, TABLE, ("0.1", "moved pixels"), 0.4),
    (claims.errors_can_be_sure, TABLE, ("0.1", "confident errors"), accuracy(0, 100)),
    (claims.noise_does_less, NOISE, ("0.3", "same L2", "accuracy"), accuracy(0.1)),
    (claims.not_monotone, BEYOND, ("1", "accuracy"), accuracy(0)),
    (claims.formula_is_exact, LINEAR, ("epsilons", "0.1", "largest difference"), 1e-3),
    (claims.formula_is_exact, LINEAR, ("epsilons", "0.1", "corners above"), 1),
    (claims.clipping_weakens, LINEAR, ("epsilons", "0.1", "clipped"), 100.0),
    (claims.line_is_near_at_first, RISE, ("epsilons", "0.01", "predicted"), 1.0),
    (claims.line_is_short_later, RISE, ("epsilons", "0.1", "measured"), 0.2),
    (claims.signs_beat_noise, RISE, ("epsilons", "0.05", "noise"), 1.0),
    (claims.classes_are_apart, DISTANCES, ("smallest",), 0.5),
]


def test_above_chance_compares_with_the_digit_counted_most():
    counted = {"always_one": {"value": 0.1135}}
    assert claims.above_chance(TABLE, counted)
    assert not claims.above_chance(changed(TABLE, "0.2", "accuracy", value=accuracy(0.12)), counted)
    assert not claims.above_chance(TABLE, {"always_one": {"value": 0.5}})


@pytest.mark.parametrize(("claim", "result", "path", "value"), CLAIMS, ids=lambda one: getattr(one, "name", None))
def test_claims_hold_and_can_fail(claim, result, path, value):
    if claim is claims.not_monotone:
        value_at_eighty = changed(result, "0.8", "accuracy", value=accuracy(0))
        assert claim(result)
        assert not claim(changed(changed(value_at_eighty, *path, value=value), "0.6", "accuracy", value=accuracy(0.01)))
        return
    assert claim(result)
    assert not claim(changed(result, *path, value=value))
