"""The long recipes, on trainings of seconds: what is recorded is what the models do, and nothing done is lost."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from advlab import long_recipes, zoo
from advlab.data import Dataset, subset
from advlab.evaluation import predict
from advlab.models import striding
from advlab.training import Recipe


def tiny_cnn():
    return striding(4, 4, 8)


TINY = Recipe(tiny_cnn, epochs=1, batch_size=50, train_images=500, test_images=100, learning_rate=5e-3)


@pytest.fixture
def quick(monkeypatch, tmp_path, trained):
    """A store of the test's own, few images, and a training that takes no time."""
    few = subset(40)
    monkeypatch.setattr(long_recipes, "mnist", lambda split: few)
    monkeypatch.setattr(zoo, "trained", lambda recipe: trained)
    monkeypatch.setattr(zoo, "history", lambda recipe: [{"seconds": 1.5, "test_accuracy": 0.9}] * recipe.epochs)

    class Named:
        key = "abc"

    monkeypatch.setattr(zoo, "training", lambda recipe: Named)
    monkeypatch.setattr(long_recipes, "autoattack_verdicts", broken_where_bright)
    return tmp_path / "long.json"


def broken_where_bright(model, images, labels, epsilon, *, generator):
    """Stands for AutoAttack: breaks every second image."""

    right = torch.arange(len(images)) % 2 == 1
    return SimpleNamespace(right=right, broken_by=[None if stands else "Square" for stands in right])


def test_each_recipe_is_recorded_beside_those_before(quick):
    said = []
    long_recipes.run({"one": TINY}, images=20, record=quick, say=said.append)
    found = long_recipes.run({"two": replace(TINY, epochs=3)}, images=20, record=quick, say=said.append)
    assert found == json.loads(quick.read_text())
    assert set(found["figures"]) == {"one", "two"}
    assert [found["figures"][name]["training seconds"] for name in ("one", "two")] == [1.5, 4.5]
    assert found["figures"]["two"]["architecture"] == "tiny_cnn"
    assert {"processor", "cores"} <= found["machine"].keys()
    assert any("one" in line for line in said)


def test_what_autoattack_breaks_is_counted_once(quick, trained):
    some = subset(20)
    right = predict(trained, some.images) == some.labels
    judged = long_recipes.judged(trained, subset(40), some)
    found, first = judged["accuracy"], int(right.sum()) // 2
    assert found["clean"]["n"] == 40
    assert found["AutoAttack 0.1"]["count"] == first
    assert found["AutoAttack 0.3"]["count"] == first // 2, "what broke in the smaller ball is broken"
    broken = [int(right.sum()) - first, first - first // 2]
    assert [by["Square"] for by in judged["broken by"].values()] == broken


def test_proved_images_are_spared(monkeypatch):
    """Of a network that sees nothing, whose one answer is proved everywhere."""
    model = blind()
    test = subset(60)
    threes = Dataset(test.images[test.labels == 3], test.labels[test.labels == 3])
    monkeypatch.setattr(long_recipes, "autoattack_verdicts", lambda *a, **k: pytest.fail("a proved image was attacked"))
    found = long_recipes.judged(model, threes, threes)["accuracy"]
    assert all(one["value"] == 1 for one in found.values())


def test_networks_without_bounds_have_no_proofs():
    odd = nn.Sequential(nn.Flatten(), nn.Linear(784, 10), nn.Tanh(), nn.Linear(10, 10))
    assert not long_recipes.proofs(odd, subset(10), 0.1).any()


def test_nothing_to_do_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="recipe"):
        long_recipes.run({}, record=tmp_path / "x.json")
    with pytest.raises(ValueError, match="image"):
        long_recipes.run({"one": TINY}, images=0, record=tmp_path / "x.json")


def test_the_command_line_names_the_recipes(capsys, monkeypatch):
    from advlab.cli import main

    asked = []
    monkeypatch.setattr(long_recipes, "run", lambda recipes: asked.append(list(recipes)))
    monkeypatch.setattr(long_recipes, "smoothed", lambda: asked.append("smoothing"))
    assert main(["build", "--recipe", "long", "--only", "nothing"]) == 64
    assert "adversarial" in capsys.readouterr().err
    assert main(["build", "--recipe", "long", "--only", "adversarial"]) == 0
    assert main(["build", "--recipe", "long", "--only", "smoothing"]) == 0
    assert main(["build", "--recipe", "long"]) == 0
    assert asked == [["adversarial"], "smoothing", list(zoo.LONG), "smoothing"]


def blind():
    """A network that sees nothing: its answer is always three."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    with torch.no_grad():
        model[1].weight.zero_()
        model[1].bias.zero_()
        model[1].bias[3] = 1.0
    return model.eval()


def test_smoothing_is_recorded_with_what_it_proved(quick, monkeypatch):
    """The answer is alike under any noise: images are proved as far as the draws reach."""
    monkeypatch.setattr(zoo, "trained", lambda recipe: blind())
    found = long_recipes.smoothed(images=20, draws=50, record=quick, say=lambda line: None)
    assert found == json.loads(quick.read_text())
    threes = int((subset(20).labels == 3).sum())
    reach = found["largest radius"]
    assert 0.5 < reach < 0.75
    assert [of["count"] for of in found["at"].values()] == [threes if float(r) <= reach else 0 for r in found["at"]]
    assert (found["abstains"], found["draws"], found["n"]) == (0, 50, 20)
    with pytest.raises(KeyError):
        long_recipes.smoothed(0.7, record=quick)
