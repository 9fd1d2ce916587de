"""Distillation: closed forms of its loss, and on a small student the naive attack beside the honest ones."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from advlab.attacks import fgsm, pgd
from advlab.attacks.losses import cross_entropy, margin
from advlab.data import subset
from advlab.defenses import Cooled, distilled, vanished
from advlab.defenses.distillation import soft_labels, student_of, tempered_cross_entropy
from advlab.evaluation import accuracy, predict
from advlab.models.inference import logits
from advlab.training import Recipe

TEMPERATURE = 100.0
SMALL = Recipe(epochs=5, batch_size=50, learning_rate=5e-3, train_images=2000, test_images=100)


def drawn(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def pair():
    return distilled(SMALL, TEMPERATURE, seed=0)


class Ramp(nn.Module):
    """Two classes; the second leads by twice `scale` times the mean pixel."""

    def __init__(self, scale):
        super().__init__()
        self.scale = scale

    def forward(self, images):
        mean = images.flatten(1).mean(1)
        return torch.stack([-self.scale * mean, self.scale * mean], dim=1)


@pytest.mark.parametrize("temperature", [1.0, 7.0])
def test_the_loss_written_out(temperature):
    outputs = torch.randn(6, 4, generator=drawn())
    soft = torch.rand(6, 4, generator=drawn(1))
    soft = soft / soft.sum(1, keepdim=True)
    powers = (outputs / temperature).exp()
    expected = -(soft * (powers / powers.sum(1, keepdim=True)).log()).sum(1).mean()
    torch.testing.assert_close(tempered_cross_entropy(outputs, soft, temperature), expected)
    labels = torch.tensor([0, 1, 2, 3, 0, 1])
    hard = tempered_cross_entropy(outputs, labels, temperature)
    torch.testing.assert_close(hard, tempered_cross_entropy(outputs, F.one_hot(labels, 4).float(), temperature))


def test_soft_labels_are_softer_when_hot(trained, digits):
    cold, hot = (soft_labels(trained, digits.images, temperature) for temperature in (1, 20))
    torch.testing.assert_close(cold, logits(trained, digits.images).softmax(1))
    torch.testing.assert_close(hot.sum(1), torch.ones(len(hot)))
    assert torch.equal(hot.argmax(1), cold.argmax(1))
    assert (hot.amax(1) < cold.amax(1)).all()


@pytest.mark.parametrize(("lead", "gone"), [(17.0, False), (80.0, False), (110.0, True), (1000.0, True)])
def test_the_gradient_vanishes_where_the_others_probabilities_underflow(lead, gone):
    images, labels = torch.full((3, 1, 2, 2), 0.5), torch.tensor([1, 1, 0])
    found = vanished(Ramp(lead), images, labels)
    assert found.tolist() == [gone, gone, False], "of a misread image it never does"
    assert not vanished(Ramp(lead), images, labels, margin).any()
    assert not vanished(Cooled(Ramp(lead), 100.0), images, labels).any()


def test_cooling_divides(trained, digits):
    cooled = Cooled(trained, 8.0)
    torch.testing.assert_close(logits(cooled, digits.images) * 8, logits(trained, digits.images), rtol=1e-4, atol=1e-3)


def test_the_student_has_learnt_the_teachers_answers(pair, digits):
    assert accuracy(pair.student, digits.images, digits.labels).value > 0.85
    assert (predict(pair.student, digits.images) == predict(pair.teacher, digits.images)).float().mean() > 0.9
    few = subset(2000, "train").images
    difference = soft_labels(pair.student, few, TEMPERATURE) - soft_labels(pair.teacher, few, TEMPERATURE)
    assert difference.abs().mean() < 0.02
    assert not any(module.training for module in pair.student.modules())


def test_the_naive_attack_stands_still_and_the_honest_ones_do_not(pair, digits):
    x, y, student = digits.images, digits.labels, pair.student
    gone = vanished(student, x, y)
    assert gone.float().mean() > 0.3
    assert vanished(pair.teacher, x, y, cross_entropy).float().mean() > 0.1
    naive = fgsm(student, x, y, 0.3)
    assert torch.equal(naive[gone], x[gone])
    right = accuracy(student, naive, y).value
    cooled = accuracy(student, fgsm(Cooled(student, TEMPERATURE), x, y, 0.3), y).value
    honest = pgd(student, x[:60], y[:60], 0.3, generator=drawn(), steps=20, loss=margin)
    assert cooled < right - 0.2
    assert accuracy(student, honest, y[:60]).value < 0.05


def test_the_student_depends_on_its_seed(pair):
    tiny = Recipe(epochs=1, train_images=100, test_images=20)
    one, same, other = (student_of(pair.teacher, tiny, TEMPERATURE, seed) for seed in (1, 1, 2))
    assert torch.equal(one.fc2.weight, same.fc2.weight)
    assert not torch.equal(one.fc2.weight, other.fc2.weight)


def test_temperatures_that_are_none(trained):
    for temperature in (0.5, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="temperature must be a finite number of at least 1"):
            distilled(SMALL, temperature, 0)
        with pytest.raises(ValueError, match="temperature must be a finite number of at least 1"):
            student_of(trained, SMALL, temperature, 0)
    with pytest.raises(ValueError, match="above 0"):
        Cooled(trained, 0.0)
