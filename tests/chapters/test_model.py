"""The model's page: counts against hand-made answers, layers against the modules, figures from made-up results."""

import itertools
import math

import pytest
import torch
from torch import nn

from advlab import training
from advlab.chapters.model import answering, data_and_network, learning, measure
from advlab.chapters.shared import style
from advlab.engine.cache.profile import DRAFT
from advlab.evaluation import Proportion
from advlab.models import SimpleCNN
from advlab.training import loop

LABELS = [0, 0, 1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9]
PREDICTIONS = [0, 6, 1, 1, 7, 2, 3, 4, 5, 6, 7, 8, 9]
CONFIDENCES = [0.99, 0.95, 0.8, 0.99, 0.3, *[0.97] * 8]


@pytest.fixture(scope="module")
def data():
    return measure.data.function(DRAFT)


@pytest.fixture(scope="module")
def architecture():
    return measure.architecture.function(DRAFT)


@pytest.fixture
def answers():
    judged = measure.judged(LABELS, PREDICTIONS, CONFIDENCES)
    errors = [(3, 0, 6, 0.95), (11, 1, 7, 0.3)]
    shown = [dict(zip(("index", "label", "prediction", "confidence"), row, strict=True)) for row in errors]
    return judged | {"threshold": 0.9, "shown": shown}


def history(*accuracies, losses=(0.5, 0.1)):
    rows = zip(losses, accuracies, strict=True)
    epochs = [{"loss": a, "train_accuracy": b, "test_loss": a / 2, "test_accuracy": b} for a, b in rows]
    return {"untrained": Proportion(10, 100).to_json(), "epochs": epochs}


def trainings(*seeds):
    last = [Proportion(round(seed["epochs"][-1]["test_accuracy"] * 10000), 10000) for seed in seeds]
    values = [one.value for one in last]
    recipe = {"epochs": 2, "batch_size": 64, "learning_rate": 0.002, "warm_up": 0.2, "steps": 200}
    return {
        "recipe": recipe | {"train_images": 6000, "test_images": 10000},
        "seeds": list(seeds),
        "last": [one.to_json() for one in last],
        "number": len(seeds),
        "lowest": min(values),
        "highest": max(values),
        "range": max(values) - min(values),
        "interval": last[0].high - last[0].low,
    }


def test_what_is_known_of_mnist(data):
    assert (data["train"], data["test"], data["pixels"]) == (60_000, 10_000, 784)
    assert sum(data["counts"]["train"]) == 60_000
    assert data["always_one"]["count"] == 1135
    assert data["black"] == pytest.approx(0.809, abs=5e-4)
    assert (data["mean"], data["std"]) == (pytest.approx(0.13066, abs=1e-5), pytest.approx(0.30811, abs=1e-5))
    ends = data["normalised_black"], data["normalised_white"], data["normalised_width"]
    assert ends == (pytest.approx(-0.4242, abs=1e-4), pytest.approx(2.8215, abs=1e-4), pytest.approx(3.2457, abs=1e-4))


def test_layers_are_read_off_any_model():
    model = nn.Sequential(nn.Flatten(), nn.Linear(6, 2), nn.ReLU())
    found = measure.layers(model, torch.zeros(1, 2, 3))
    assert [(one["kind"], one["shape"], one["parameters"]) for one in found] == [
        ("Flatten", [6], 0),
        ("Linear", [2], 14),
        ("ReLU", [2], 0),
    ]
    assert not any(module._forward_hooks for module in model.modules())


def test_the_architecture_is_the_articles(architecture):
    assert architecture["parameters"] == 421_642
    assert architecture["of"]["fc1"] == 64 * 7 * 7 * 128 + 128 == 401_536
    names = [layer["name"] for layer in architecture["layers"]]
    assert names == [name for name, _ in SimpleCNN().named_children()]
    assert [architecture["layers"][place]["shape"][0] for place in (1, 4, 7, 8, 11)] == [32, 64, 3136, 128, 10]


def test_untrained_is_where_training_begins(monkeypatch):
    begun = {}
    monkeypatch.setattr(loop, "_fit", lambda model, *rest: begun.update(model=model) or [])
    training.train(training.Recipe(train_images=10, test_images=10), seed=3)
    expected = begun["model"].state_dict()
    found = measure.untrained(training.Recipe(), 3).state_dict()
    assert all(torch.equal(found[name], expected[name]) for name in expected)


def test_answers_are_counted():
    found = measure.judged(LABELS, PREDICTIONS, CONFIDENCES)
    assert (found["accuracy"]["count"], found["accuracy"]["n"], found["errors"]) == (11, 13, 2)
    assert found["confusion"][0][6] == found["confusion"][1][7] == 1
    assert sum(itertools.chain(*found["confusion"])) == 13
    assert [one["n"] for one in found["by_class"]] == [2, 3, *[1] * 8]
    assert found["worst"]["digit"] == 0
    assert (found["confident_errors"]["count"], found["confident_errors"]["n"]) == (1, 2)
    assert sum(found["histogram"]["right"]) == 11
    assert measure.judged(LABELS, LABELS, CONFIDENCES)["confident_errors"] is None


def test_bins_hold_both_ends():
    counts = measure.histogram([0.1, 0.1000001, 0.1499, 0.1501, 1.0])
    assert (counts[0], counts[1], counts[-1], sum(counts)) == (3, 1, 1, 5)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_figures_draw(scheme, data, architecture, answers):
    runs = trainings(history(0.97, 0.991), history(0.96, 0.992))
    drawn = [
        *((one, data) for one in (data_and_network.digits, data_and_network.pixel)),
        (data_and_network.diagram, architecture),
        *((one, runs) for one in (learning.curves, learning.spread)),
        *((o, answers) for o in (answering.confusion, answering.by_class, answering.errors, answering.confidence)),
    ]
    with style.scheme(scheme):
        for one, result in drawn:
            drawing = one(result)
            assert b"<svg" in style.save(drawing.figure)
            assert any(letter.isdigit() for letter in drawing.alt), one.name
            assert drawing.caption


def test_a_model_without_errors_can_be_drawn(answers):
    perfect = measure.judged(LABELS, LABELS, CONFIDENCES) | {"threshold": 0.9, "shown": []}
    with style.scheme("light"):
        for one in (answering.confusion, answering.errors, answering.confidence):
            style.save(one(perfect).figure)


def test_the_diagram_says_what_the_layers_are(architecture):
    with style.scheme("light"):
        drawing = data_and_network.diagram(architecture)
        words = {text.get_text() for text in drawing.figure.axes[0].texts}
    assert {"conv1", "fc2", "64 × 7 × 7", "401,536", "MaxPool2d"} <= words


def test_claims_about_data_and_layers(data, architecture):
    assert data_and_network.constants_fit(data)
    assert not data_and_network.constants_fit(data | {"mean": 0.1309})
    assert data_and_network.mostly_black(data)
    assert not data_and_network.mostly_black(data | {"black_test": 0.5})
    assert data_and_network.nearly_balanced(data)
    assert not data_and_network.nearly_balanced(data | {"most": 2 * data["fewest"]})
    assert data_and_network.fc1_holds_nearly_all(architecture)
    assert not data_and_network.fc1_holds_nearly_all({"fc1_share": 0.5})


def test_claims_about_training():
    good = trainings(history(0.97, 0.991), history(0.96, 0.992))
    claims = (learning.loss_falls, learning.first_epoch_does_most, learning.seeds_agree, learning.every_seed_accurate)
    assert all(claim(good) for claim in claims)
    assert not learning.loss_falls(trainings(history(0.97, 0.99, losses=(0.1, 0.2))))
    assert not learning.first_epoch_does_most(trainings(history(0.3, 0.99)))
    assert not learning.seeds_agree(trainings(history(0.9, 0.95), history(0.9, 0.99)))
    assert not learning.every_seed_accurate(trainings(history(0.97, 0.985)))


def test_claims_about_answers(answers):
    good = answers | {"accuracy": Proportion(9922, 10000).to_json()}
    poor = answers | {"accuracy": Proportion(9850, 10000).to_json()}
    for claim in (answering.accurate, answering.above_the_article):
        assert claim(good)
        assert not claim(poor)
    assert answering.some_errors_are_confident(answers)
    assert not answering.some_errors_are_confident(answers | {"confident_errors": None})
    assert answering.class_intervals_wider(answers | {"accuracy": Proportion(9922, 10000).to_json()})
    assert not answering.class_intervals_wider(answers | {"by_class": [answers["accuracy"]] * 10})
    assert answering.mostly_confident({"confident": {"value": 0.95}})
    assert not answering.mostly_confident({"confident": {"value": 0.9}})
    assert math.isclose(answers["mean_confidence"], sum(CONFIDENCES) / 13)


def test_the_recipe_is_a_table():
    table = learning.recipe(trainings(history(0.97, 0.991)))
    assert ["training images", "6,000"] in [list(row) for row in table.rows]
