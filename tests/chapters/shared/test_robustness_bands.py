"""How a model stands: against a linear model, whose exact worst case is known, and bands counted by hand."""

import pytest
import torch
from torch import nn

from advlab.chapters.shared import robustness_bands as chapter
from advlab.chapters.shared.robustness_bands import bands, signs_of_masking, standing
from advlab.data import Dataset


@pytest.fixture
def linear():
    """Class 1 for images brighter than one half on the whole, class 0 for darker ones; two more that never win."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 4))
    with torch.no_grad():
        model[1].weight.zero_()
        model[1].weight[1] = 1.0
        model[1].weight[0] = -1.0
        model[1].bias.copy_(torch.tensor([0.0, -784.0, -2000.0, -2000.0]))
    return model.eval()


def images(greys):
    """Images whose pixels are all alike."""
    return torch.tensor(greys)[:, None, None, None].expand(-1, 1, 28, 28).contiguous()


def test_a_linear_model_breaks_where_it_must(linear):
    x = images([0.52, 0.57, 0.62, 0.75, 0.82, 0.95, 0.45])
    test = Dataset(x, torch.ones(len(x), dtype=torch.long))
    found = standing(linear, test, torch.arange(len(x)))
    columns = dict(zip(found["evidence"]["columns"], zip(*found["evidence"]["images"], strict=True), strict=True))
    # A pixel may fall by epsilon: the answer turns once the pixel is below one half.
    assert columns["broken"] == (0.05, 0.1, 0.2, 0.3, 0.4, None, 0.0)
    assert columns["survived"] == (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.0)
    assert found["clean"]["count"] == 6
    assert (found["robust"]["0.1"]["count"], found["robust"]["0.3"]["count"]) == (4, 2)
    # Of one layer intervals forget nothing: what stands is proved.
    assert (found["certified"]["0.1"]["count"], found["certified"]["0.3"]["count"]) == (4, 2)


def test_what_is_proved_is_not_attacked(linear, monkeypatch):
    x = images([0.57, 0.82])
    test, asked = Dataset(x, torch.ones(2, dtype=torch.long)), []
    attacks = chapter.shortened

    def noted(epsilon):
        asked.append(epsilon)
        return attacks(epsilon)

    monkeypatch.setattr(chapter, "shortened", noted)
    found = standing(linear, test, torch.arange(2))
    assert asked == [0.1, 0.4]
    assert found["evidence"]["images"][0] == [0, 1, 0.05, 0.1, 0.05]
    assert found["evidence"]["images"][1] == [1, 1, 0.3, 0.4, 0.3]
    assert found["certified"]["0.3"]["count"] == 1


def test_bands_by_hand():
    inf = torch.inf
    survived = torch.tensor([0.0, 0.1, 0.3, 0.4])
    broken = torch.tensor([0.0, 0.2, 0.4, inf])
    certified = torch.tensor([-inf, 0.0, 0.0, 0.2])
    found = bands(survived, broken, certified)

    def at(epsilon):
        place = found["epsilon"].index(epsilon)
        return tuple(found[name][place] for name in ("certified", "survived", "unknown", "broken"))

    # At nought a right answer is its own proof.
    assert at(0.0) == (0.75, 0.0, 0.0, 0.25)
    assert at(0.1) == (0.25, 0.5, 0.0, 0.25)
    assert at(0.15) == (0.25, 0.25, 0.25, 0.25)
    assert at(0.2) == (0.25, 0.25, 0.0, 0.5)
    assert at(0.3) == (0.0, 0.5, 0.0, 0.5)
    assert at(0.4) == (0.0, 0.25, 0.0, 0.75)


def test_signs_are_seen_where_logits_hide_the_gradient(trained, digits):
    import copy

    masked = copy.deepcopy(trained)
    with torch.no_grad():
        masked.fc2.weight *= 1000
        masked.fc2.bias *= 1000
    few = Dataset(digits.images[:60], digits.labels[:60])
    assert "zero gradients" in signs_of_masking(masked, few)
    assert signs_of_masking(trained, few) == []
