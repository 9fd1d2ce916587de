"""How detectors are judged: limits, curves, rates; counted by hand and by brute force."""

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from jaxtyping import TypeCheckError
from torch import nn

from advlab.defenses import Detector, accuracy_after_rejection, judged, precision_at, roc, threshold

scores = st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=30)


class Brightness(Detector):
    """Suspects bright images; has a dropout to see whether it is in evaluation mode."""

    def __init__(self):
        super().__init__(nn.Sequential(nn.Flatten(), nn.Linear(4, 3)))
        self.dropout = nn.Dropout(0.5)

    def forward(self, images):
        return self.model(images), self.dropout(images).flatten(1).sum(1)


@given(st.lists(st.integers(-5, 5).map(float), min_size=20, max_size=200), st.sampled_from([0.05, 0.1, 0.29, 0.5]))
def test_the_limit_is_the_lowest_that_keeps_the_promise(clean, share):
    found = threshold(torch.tensor(clean), share)
    kept = [limit for limit in sorted(clean) if sum(one > limit for one in clean) <= share * len(clean) + 1e-9]
    assert found == kept[0]


def test_exactly_five_of_a_hundred():
    clean = torch.randperm(100, generator=torch.Generator().manual_seed(0)).float()
    assert int((clean > threshold(clean)).sum()) == 5
    assert int((clean > threshold(clean, 0.29)).sum()) == 29, "0.29 * 100 is a little less than 29"


@pytest.mark.parametrize("share", [0.0, 1.0, 5.0, -0.1])
def test_a_share_that_is_none(share):
    with pytest.raises(ValueError, match="false_positives must be a fraction"):
        threshold(torch.arange(100.0), share)


def test_scores_that_set_no_limit():
    with pytest.raises(ValueError, match="19 scores are too few"):
        threshold(torch.arange(19.0))
    for bad in (torch.tensor([]), torch.tensor([1.0, torch.nan]), torch.tensor([1.0, torch.inf])):
        with pytest.raises(ValueError, match="scores_clean must be finite"):
            threshold(bad, 0.5)
        with pytest.raises(ValueError, match="scores_adversarial must be finite"):
            roc(torch.arange(3.0), bad)


@given(scores, scores)
def test_the_curve_by_counting(clean, adversarial):
    curve = roc(torch.tensor(clean), torch.tensor(adversarial))
    wanted = {(0.0, 0.0)}
    for limit in {*clean, *adversarial}:
        flagged = [np.mean([one >= limit for one in of]) for of in (clean, adversarial)]
        wanted.add((flagged[0], flagged[1]))
    found = list(zip(curve.false_positives.tolist(), curve.true_positives.tolist(), strict=True))
    assert found == sorted(found)
    assert found[0] == (0, 0)
    assert found[-1] == (1, 1)
    np.testing.assert_allclose(sorted(set(found)), sorted(wanted), atol=1e-6)


@given(scores, scores)
def test_the_area_is_that_under_the_curve_and_the_chance_of_a_pair(clean, adversarial):
    curve = roc(torch.tensor(clean), torch.tensor(adversarial))
    pairs = [(a > c) + 0.5 * (a == c) for a in adversarial for c in clean]
    assert curve.area == pytest.approx(np.mean(pairs))
    assert curve.area == pytest.approx(np.trapezoid(curve.true_positives, curve.false_positives), abs=1e-5)


def test_only_what_is_wrong_and_unseen_is_broken():
    right, flagged = torch.tensor([True, True, False, False]), torch.tensor([True, False, True, False])
    found = accuracy_after_rejection(right, flagged)
    assert (found.count, found.n) == (3, 4)
    with pytest.raises((ValueError, TypeCheckError)):
        accuracy_after_rejection(right, flagged[:3])


@given(st.integers(1, 1000), st.integers(1, 1000), st.integers(0, 1000), st.integers(0, 1000))
def test_precision_by_counting_alarms(adversarial, clean, true_alarms, false_alarms):
    assume(true_alarms <= adversarial and false_alarms <= clean and true_alarms + false_alarms > 0)
    base_rate = adversarial / (adversarial + clean)
    found = precision_at(true_alarms / adversarial, false_alarms / clean, base_rate)
    assert found == pytest.approx(true_alarms / (true_alarms + false_alarms))


def test_rates_that_are_none():
    with pytest.raises(ValueError, match="true_positive_rate must be a fraction"):
        precision_at(95, 0.05, 0.1)
    with pytest.raises(ValueError, match="base_rate must be a fraction"):
        precision_at(0.9, 0.05, -0.1)
    with pytest.raises(ValueError, match="nothing is ever flagged"):
        precision_at(0.5, 0, 0)


def test_judging_is_in_evaluation_mode_and_in_chunks():
    detector = Brightness().train()
    images = torch.rand(230, 1, 2, 2, generator=torch.Generator().manual_seed(0))
    logits, found = judged(detector, images)
    torch.testing.assert_close(found, images.flatten(1).sum(1))
    torch.testing.assert_close(logits, detector.model(images))
    assert not logits.requires_grad
    assert detector.training
    assert detector.dropout.training
    assert torch.equal(detector.eval().score(images), found)
    with pytest.raises(ValueError, match="empty batch"):
        judged(detector, images[:0])
