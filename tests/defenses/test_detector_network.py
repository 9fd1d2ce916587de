from functools import partial

import pytest
import torch
from torch import nn

from advlab.attacks import fgsm
from advlab.defenses import DetectorNetwork, judged, roc, trained_detector
from advlab.defenses.detector_network import binary_cnn
from advlab.models.inference import logits
from advlab.training import Recipe

QUICK = Recipe(architecture=binary_cnn, epochs=2)


@pytest.fixture(scope="module")
def detector(trained, training):
    attack = partial(fgsm, epsilon=0.2)
    return trained_detector(trained, training.images, training.labels, attack, recipe=QUICK)


def test_it_knows_the_attack_that_it_has_met(detector, trained, digits):
    attacked = fgsm(trained, digits.images, digits.labels, 0.2)
    outputs, clean = judged(detector, digits.images)
    assert roc(clean, judged(detector, attacked)[1]).area > 0.97
    torch.testing.assert_close(outputs, logits(trained, digits.images))


def test_the_score_is_a_lead(trained, digits):
    class Two(nn.Module):
        def forward(self, images):
            mean = images.flatten(1).mean(1)
            return torch.stack([mean, 3 * mean + 1], dim=1)

    found = judged(DetectorNetwork(trained, Two()), digits.images)[1]
    torch.testing.assert_close(found, 2 * digits.images.flatten(1).mean(1) + 1)


def test_the_attackers_form_is_the_same_function(detector, digits):
    few = digits.images[:10]
    for found, expected in zip(detector.through().eval()(few), detector.eval()(few), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_two_logits():
    network = binary_cnn()
    assert network(torch.zeros(3, 1, 28, 28)).shape == (3, 2)
