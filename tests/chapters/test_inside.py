"""Drift beside noise of equal size: against the library, by hand, and on made-up results."""

import copy

import matplotlib.pyplot as plt
import pytest
import torch

from advlab.activations import Activations, relative_drift
from advlab.attacks import fgsm
from advlab.chapters.inside import claims, figures, measure, tables
from advlab.chapters.shared import style
from advlab.data import Dataset
from advlab.edition import EDITION
from advlab.evaluation import predict


def size(batch):
    return batch.flatten(1).norm(dim=1)


@pytest.fixture(scope="module")
def few(digits):
    return Dataset(digits.images[:30], digits.labels[:30])


def test_noise_has_the_size_of_fgsm_after_clipping(trained, few):
    found = measure.perturbed(trained, few, (0.05, 0.3), seed=0)
    for name, kinds in found.items():
        assert torch.equal(kinds["fgsm"], fgsm(trained, few.images, few.labels, float(name)))
        lengths = [size(kinds[kind] - few.images) for kind in measure.KINDS]
        torch.testing.assert_close(*lengths, atol=1e-4, rtol=1e-4)
        assert all(float(images.min()) >= 0 and float(images.max()) <= 1 for images in kinds.values())
        assert not torch.equal(kinds["fgsm"], kinds["noise"])
    again = measure.perturbed(trained, few, (0.05,), seed=0)
    assert torch.equal(again["0.05"]["noise"], found["0.05"]["noise"])


def test_drift_is_the_librarys(trained, few):
    moved = fgsm(trained, few.images, few.labels, 0.1)
    ours = measure.compared(measure.outputs(trained, few.images), measure.outputs(trained, moved), few.labels)
    means = {layer: float(drift.mean()) for layer, drift in ours["drift"].items()}
    assert tuple(means) == measure.LAYERS
    assert means == pytest.approx(relative_drift(trained, few.images, moved))
    assert torch.equal(ours["right"]["logits"], predict(trained, moved) == few.labels)


def test_drift_and_switches_by_hand():
    clean = {"input": torch.tensor([[3.0, 4.0]]), "logits": torch.tensor([[1.0, 0.0]])}
    moved = {"input": torch.tensor([[3.0, 4.5]]), "logits": torch.tensor([[1.0, 2.0]])}
    for layer in measure.HIDDEN:
        clean[layer] = torch.tensor([[0.0, 2.0, 0.0, 1.0]])
        moved[layer] = torch.tensor([[1.0, 0.0, 0.0, 2.0]])
    found = measure.compared(clean, moved, torch.tensor([0]))
    assert found["drift"]["input"].tolist() == pytest.approx([0.1])
    assert found["switched"]["relu1"].tolist() == [0.5]
    assert found["right"]["logits"].tolist() == [False]


def test_nothing_changed_is_no_drift(network, few):
    clean = measure.outputs(network, few.images)
    found = measure.compared(clean, clean, few.labels)
    assert all(float(drift.max()) == 0 for drift in found["drift"].values())
    assert all(float(share.max()) == 0 for share in found["switched"].values())


def test_spread():
    assert measure.spread(torch.tensor([0.0, 1.0, 2.0, 3.0, 9.0])) == {
        "mean": 3.0,
        "low_quartile": 1.0,
        "median": 2.0,
        "high_quartile": 3.0,
    }


def test_one_model_in_full(trained, few):
    result = measure.of_one_model(trained, few, seed=0)
    assert list(result) == [f"{epsilon:g}" for epsilon in measure.EPSILONS]
    for one in result.values():
        assert one["ratio"]["input"] == pytest.approx(1, abs=1e-3)
        assert one["fgsm"]["accuracy"]["n"] == 30


def test_the_recorder_to_copy_sees_what_the_library_sees(network, few):
    namespace = {}
    exec((EDITION.snippets / "inside" / "record.py").read_text(), namespace)
    network.eval()
    with namespace["recorded"](network) as kept, Activations(network) as seen:
        network(few.images)
    assert set(kept) == set(seen) == set(measure.HIDDEN)
    assert all(torch.equal(kept[layer], seen[layer]) for layer in kept)
    assert not any(module._forward_hooks for module in network.modules())


def made_up():
    """Two seeds as the trained models have it: FGSM holds on, noise fades."""
    attack = {"input": 0.23, "relu1": 0.27, "relu2": 0.26, "relu3": 0.32, "logits": 0.33}
    noise = {"input": 0.23, "relu1": 0.26, "relu2": 0.19, "relu3": 0.14, "logits": 0.13}

    def kind(drifts, switched, accuracy):
        return {
            "drift": {
                layer: {"mean": mean, "low_quartile": 0.9 * mean, "median": mean, "high_quartile": 1.1 * mean}
                for layer, mean in drifts.items()
            },
            "switched": {layer: {"mean": share} for layer, share in zip(measure.HIDDEN, switched, strict=True)},
            "accuracy": {"value": accuracy, "n": 1000},
        }

    def one(position):
        ratio = {layer: attack[layer] / noise[layer] for layer in measure.LAYERS}
        ratio["logits"] -= position / 10
        both = {"fgsm": kind(attack, (0.15, 0.03, 0.05), 0.88), "noise": kind(noise, (0.16, 0.02, 0.01), 0.99)}
        return {**both, "ratio": ratio}

    seeds = [{f"{epsilon:g}": one(position) for position, epsilon in enumerate(measure.EPSILONS)} for _ in "ab"]
    return {"n": 1000, "seeds": copy.deepcopy(seeds), "count": 2, "range": measure._ranges(seeds)}


def changed(*path_and_value):
    result = made_up()
    *path, last, value = path_and_value
    place = result["seeds"][1]
    for step in path:
        place = place[step]
    place[last] = value
    return result


def steady():
    result = made_up()
    for seed in result["seeds"]:
        for one in seed.values():
            for position, layer in enumerate(measure.LAYERS):
                one["fgsm"]["drift"][layer]["mean"] = 0.2 + position / 100
    return result


@pytest.mark.parametrize(
    ("claim", "contradicted"),
    [
        (claims.same_size, changed("0.3", "ratio", "input", 1.01)),
        (claims.noise_fades, changed("0.3", "noise", "drift", "logits", {"mean": 0.3})),
        (claims.fgsm_does_not_fade, changed("0.1", "fgsm", "drift", "logits", {"mean": 0.2})),
        (claims.contrast_widens, changed("0.1", "ratio", "relu2", 1.0)),
        (claims.first_layer_alike, changed("0.1", "ratio", "relu1", 1.2)),
        (claims.no_steady_growth, steady()),
        (claims.growth_is_modest, changed("0.2", "fgsm", "drift", "logits", {"mean": 0.5})),
        (claims.contrast_shrinks_with_epsilon, changed("0.3", "ratio", "logits", 5.0)),
        (claims.noise_breaks_little, changed("0.1", "noise", "accuracy", {"value": 0.9})),
        (claims.switches_part_later, changed("0.05", "noise", "switched", "relu3", {"mean": 0.04})),
    ],
)
def test_claims_hold_and_fail(claim, contradicted):
    assert claim(made_up())
    assert not claim(contradicted)


def statistics():
    def of(mean, dead):
        return {
            layer: {"mean": mean, "std": 0.4, "min": 0.0, "max": 4.0, "share_silent": 0.54, "share_dead": dead}
            for layer in measure.HIDDEN
        }

    return {"n": 1000, "epsilon": 0.1, "clean": of(0.2, 0.1), "fgsm": of(0.17, 0.03), "noise": of(0.18, 0.03)}


@pytest.mark.parametrize(
    ("claim", "kind", "what", "value"),
    [
        (claims.statistics_hardly_differ, "fgsm", "share_silent", 0.7),
        (claims.statistics_hardly_differ, "fgsm", "mean", 0.3),
        (claims.means_fall, "noise", "mean", 0.21),
        (claims.first_layer_wakes, "noise", "share_dead", 0.1),
    ],
)
def test_claims_on_statistics(claim, kind, what, value):
    assert claim(statistics())
    contradicted = statistics()
    contradicted[kind]["relu1"][what] = value
    assert not claim(contradicted)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_figure_draws_with_words(scheme):
    with style.scheme(scheme):
        drawn = figures.layers(made_up())
        assert style.save(drawn.figure).startswith(b"<?xml")
    assert "relu3 0.32" in drawn.alt
    assert "1,000" in drawn.caption
    assert plt.get_fignums() == []


def test_tables():
    assert tables.by_layer(made_up()).rows[0][1] == "0.230<br>0.207 to 0.253"
    assert tables.ratios(made_up()).rows[0][-2:] == ["88.0%", "99.0%"]
    assert tables.switches(made_up()).rows[0][1:3] == ["15.0%", "16.0%"]
    assert tables.activations(statistics()).rows[1][1:3] == ["FGSM", "0.170"]
