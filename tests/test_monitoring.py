"""Confidence, calibration and drift against cases worked out by hand, first-order conditions and scipy's exact test."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from jaxtyping import TypeCheckError
from scipy.stats import ecdf, ks_2samp

from advlab.monitoring import DriftMonitor, calibration_error, confidences, fit_temperature, reliability


def two_classes(margin, right, n):
    """`n` answers with the same margin, `right` of them right: the best temperature is known in closed form."""
    logits = torch.tensor([[margin, 0.0]]).repeat(n, 1)
    return logits, (torch.arange(n) >= right).long()


@st.composite
def answers(draw, classes=4):
    n = draw(st.integers(5, 40))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 10_000)))
    logits = torch.randn(n, classes, generator=generator) * draw(st.floats(0.5, 20))
    return logits, torch.randint(classes, (n,), generator=generator)


def test_confidence_by_hand_and_beyond_float32():
    logits = torch.tensor([[math.log(3.0), 0.0], [30.0, 0.0]])
    assert confidences(logits)[0].item() == pytest.approx(0.75)
    assert confidences(logits, 2.0)[0].item() == pytest.approx(math.sqrt(3) / (1 + math.sqrt(3)))
    assert 0 < 1 - confidences(logits)[1].item() < 1e-12  # float32 would say 1


@given(answers(), st.floats(0.2, 5.0))
def test_a_warmer_model_is_less_sure_of_the_same_answers(given_, temperature):
    logits, _ = given_
    plain, warm = confidences(logits), confidences(logits, temperature)
    assert bool(((warm <= plain + 1e-12) if temperature >= 1 else (warm >= plain - 1e-12)).all())
    assert torch.equal((logits / temperature).argmax(1), logits.argmax(1))


@pytest.mark.parametrize(("margin", "right"), [(4.0, 70), (0.3, 95), (12.0, 60), (2.0, 99)])
def test_the_temperature_of_two_classes_has_a_closed_form(margin, right):
    """sigmoid(margin / T) = share of right answers."""
    share = right / 100
    expected = margin / math.log(share / (1 - share))
    assert fit_temperature(*two_classes(margin, right, 100)) == pytest.approx(expected, rel=1e-4)


@given(answers(), st.floats(0.1, 10.0))
def test_the_fitted_temperature_is_stationary_and_scales_with_the_logits(given_, scale):
    """At the optimum the expected logit under the model is the mean logit of the truth (set d loss / d(1/T) to 0)."""
    logits, labels = given_
    try:
        temperature = fit_temperature(logits, labels)
    except ValueError:
        return
    wide = logits.double()
    said = ((wide / temperature).softmax(1) * wide).sum(1).mean()
    true = wide.gather(1, labels[:, None]).mean()
    assert float(said) == pytest.approx(float(true), abs=2e-3 * float(wide.abs().max()))
    assert fit_temperature(logits * scale, labels) == pytest.approx(temperature * scale, rel=2e-2)


def test_where_no_temperature_is_best_it_says_so():
    logits = torch.tensor([[2.0, 0.0], [0.0, 2.0]])
    with pytest.raises(ValueError, match="every answer is right"):
        fit_temperature(logits, torch.tensor([0, 1]))
    with pytest.raises(ValueError, match="do not favour"):
        fit_temperature(logits, torch.tensor([1, 0]))
    with pytest.raises((ValueError, TypeCheckError)):  # jaxtyping's checks are on in the tests
        fit_temperature(logits, torch.tensor([1]))


def test_reliability_by_hand():
    """Four bins: (0, .25], (.25, .5], (.5, .75], (.75, 1]; the edge belongs below."""
    sure = torch.tensor([0.5, 0.3, 0.9, 1.0, 0.8, 0.8])
    right = torch.tensor([True, False, True, True, False, False])
    rows = reliability(sure, right, bins=4)
    assert [one.n for one in rows] == [0, 2, 0, 4]
    assert (rows[1].confidence, rows[1].accuracy) == pytest.approx((0.4, 0.5))
    assert (rows[3].confidence, rows[3].accuracy) == pytest.approx((0.875, 0.5))
    assert math.isnan(rows[0].accuracy)
    assert calibration_error(sure, right, bins=4) == pytest.approx((2 * 0.1 + 4 * 0.375) / 6)
    assert reliability(torch.tensor([0.0]), torch.tensor([True]), bins=3)[0].n == 1


@given(answers(), st.integers(1, 20))
def test_the_error_lies_between_the_overall_gap_and_one(given_, bins):
    """A mean of absolute gaps is at least the absolute mean gap, which one bin alone shows exactly."""
    logits, labels = given_
    sure, right = confidences(logits), logits.argmax(1) == labels
    gap = abs(float(sure.mean()) - float(right.double().mean()))
    assert gap - 1e-9 <= calibration_error(sure, right, bins) <= 1
    assert calibration_error(sure, right, 1) == pytest.approx(gap)
    assert sum(one.n for one in reliability(sure, right, bins)) == len(sure)


def test_the_drift_test_agrees_with_scipys_exact_one():
    generator = torch.Generator().manual_seed(3)
    reference, window = (torch.rand(n, generator=generator, dtype=torch.float64) for n in (400, 60))
    for shift in (0.0, 0.1, 0.3):
        exact = ks_2samp(reference.numpy(), (window + shift).numpy(), method="exact").pvalue
        assert DriftMonitor(reference).p_value(window + shift) == pytest.approx(exact, rel=0.25, abs=1e-6)


@given(st.integers(0, 10_000), st.integers(1, 40), st.integers(1, 40), st.integers(1, 12))
def test_the_distance_is_scipys_with_ties_and_without(seed, n, m, values):
    generator = torch.Generator().manual_seed(seed)
    reference, window = (torch.randint(values, (size,), generator=generator) / values for size in (n, m))
    # From scipy's distribution functions, which always have a value: its two-sample test also asks for a chance, which
    # overflows for some sizes and is not defined for others. The functions are level between the points of the samples.
    points = torch.cat([reference, window]).numpy()
    quiet, recent = (ecdf(sample.numpy()).cdf.evaluate(points) for sample in (reference, window))
    assert DriftMonitor(reference).distance(window) == pytest.approx(abs(quiet - recent).max())


def test_false_alarms_are_as_rare_as_asked_and_a_shift_is_seen():
    generator = torch.Generator().manual_seed(4)

    def drawn(n):
        return torch.rand(n, generator=generator) ** 0.1

    monitor = DriftMonitor(drawn(3000), false_alarms=0.05)
    assert 0.005 <= sum(monitor.alarm(drawn(80)) for _ in range(400)) / 400 <= 0.09
    assert monitor.alarm(drawn(80) * 0.8)
    assert monitor.alarm(torch.ones(80))  # surer than ever is a change, too


@given(st.integers(0, 1000), st.integers(5, 50))
def test_the_order_within_a_window_does_not_matter(seed, n):
    generator = torch.Generator().manual_seed(seed)
    reference, window = torch.rand(100, generator=generator), torch.rand(n, generator=generator)
    monitor = DriftMonitor(reference)
    assert monitor.p_value(window) == monitor.p_value(window.flip(0))
    assert 0 <= monitor.p_value(window) <= 1


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: confidences(torch.ones(1, 2), 0.0), "above 0"),
        (lambda: confidences(torch.ones(0, 2)), "empty"),
        (lambda: reliability(torch.tensor([2.0]), torch.tensor([True])), "logits"),
        (lambda: reliability(torch.tensor([0.5]), torch.tensor([True]), 0), "at least 1"),
        (lambda: DriftMonitor(torch.ones(0)), "reference is empty"),
        (lambda: DriftMonitor(torch.ones(3), 1.0), "between 0 and 1"),
        (lambda: DriftMonitor(torch.ones(3)).alarm(torch.ones(0)), "window is empty"),
    ],
)
def test_bad_input_is_named(call, said):
    with pytest.raises(ValueError, match=said):
        call()
