"""Each check alone: what it flags, and what it lets pass."""

import pytest
import torch

from advlab.audit import checks_of_attacks as attacks
from advlab.audit import checks_of_gradients as gradients
from advlab.audit import checks_of_model as handed_over
from advlab.audit.flag import beats
from advlab.audit.probe import Probe, output_kind
from advlab.audit.rungs import Rung
from advlab.audit.slope import Slope
from advlab.evaluation import Proportion

FINE = Probe(10, "logits", random=0, random_answers=0, training=0, left_training=0, neighbours=0, gradient=True)


def left(right, of=100):
    """What an attack leaves right: the first so many."""
    return [True] * right + [False] * (of - right)


def but(**changes):
    return Probe(**{**vars(FINE), **changes})


def test_attacks_are_compared_image_by_image():
    # The same accuracy, and none of the images in common: neither is stronger.
    assert beats([True, False] * 50, [False, True] * 50) == (50, 50, 1.0)
    assert beats(left(80), left(95)) == (15, 0, 2 * 0.5**15)
    assert beats(left(90), left(90)) == (0, 0, 1.0)


@pytest.mark.parametrize(
    "check",
    [attacks.single_step, attacks.transferred, lambda one, other: attacks.black_box(one, other, 200)],
)
def test_a_weaker_attack_that_wins_is_flagged_unless_by_chance(check):
    assert check(left(60), left(90)).severity == "masked"
    assert "30 of 100" in check(left(60), left(90)).seen
    assert check(left(95), left(98)) is None  # three images: chance
    assert check(left(90), left(60)) is None


def test_losses_that_disagree():
    assert attacks.losses_disagree(left(90), left(20)).severity == "masked"
    assert attacks.losses_disagree(left(20), left(90)).severity == "note"  # cross-entropy is the stronger
    assert attacks.losses_disagree(left(500, 1000), left(470, 1000)) is None  # significant, and too small to matter


def restarts(tried, right):
    return Rung("PGD, restarts", "white box", {}, left(right), tried, 1.0)


def test_convergence():
    assert attacks.not_converged(left(80), left(60), restarts(60, 60)).severity == "note"
    assert attacks.not_converged(left(60), left(60), restarts(60, 50)) is not None
    assert attacks.not_converged(left(61), left(60), restarts(60, 59)) is None


def test_an_attack_without_bounds_has_to_reach_nothing():
    assert attacks.unbounded(left(10)).severity == "masked"
    assert attacks.unbounded(left(0)) is None


def test_accuracy_falls_with_epsilon():
    assert attacks.falling([(0.1, left(90)), (0.2, left(50)), (0.4, left(50))]) is None
    flag = attacks.falling([(0.1, left(90)), (0.2, left(50)), (0.4, left(80))])
    assert "epsilon 0.2" in flag.seen
    assert flag.severity == "masked"


def slope(**changes):
    fine = {"size": [0.1] * 20, "finite": [True] * 20, "promised": [0.2] * 20, "kept": [0.3] * 20}
    return Slope(**{**fine, "rose": [True] * 20, "rose_at_last": [True] * 20, **changes})


def test_gradients():
    for check in (gradients.zero_gradients, gradients.exploding_gradients, gradients.rising):
        assert check(slope()) is None
    assert gradients.zero_gradients(slope(size=[0.0] * 10 + [0.1] * 10)).severity == "masked"
    assert gradients.zero_gradients(slope(size=[0.0] + [0.1] * 19)) is None  # one image in twenty
    assert gradients.zero_gradients(slope(size=[1e-40] * 20)) is not None  # float32 cannot multiply that
    assert gradients.zero_gradients(slope(size=[1e-20] * 20)) is None  # small, and its sign is known
    assert gradients.exploding_gradients(slope(finite=[False] * 5 + [True] * 15)).severity == "masked"
    assert gradients.exploding_gradients(slope(promised=[1e6] * 20)) is not None
    assert gradients.exploding_gradients(slope(promised=[1e-3] * 20, kept=[0.0] * 20)) is None
    assert gradients.rising(slope(rose=[True, False] * 10)).severity == "masked"
    assert gradients.rising(slope(rose_at_last=[False] * 20)) is not None
    # Images without any gradient are told of by another flag.
    assert gradients.rising(slope(size=[0.0] * 20, rose=[False] * 20)) is None
    assert gradients.no_gradient(FINE) is None
    assert gradients.no_gradient(but(gradient=False)).severity == "masked"


def test_the_model_as_handed_over():
    assert handed_over.training_mode(FINE) is None
    assert handed_over.training_mode(but(left_training=5)) is None  # the mode changes nothing
    assert handed_over.training_mode(but(training=0.5, left_training=5)).severity == "setup"
    assert handed_over.neighbours(FINE) is None
    assert handed_over.neighbours(but(neighbours=1.0)).severity == "setup"
    assert handed_over.randomness(FINE, 8) is None
    assert handed_over.randomness(but(random=1.0), 8).severity == "masked"
    assert handed_over.outputs(FINE) is None
    assert handed_over.outputs(but(output="softmax")).severity == "masked"
    assert handed_over.outputs(but(output="log-softmax")).severity == "note"
    assert handed_over.at_chance(Proportion(90, 100), 10) is None
    assert handed_over.at_chance(Proportion(11, 100), 10).severity == "setup"


def test_another_unit_that_fits_better():
    fits = {"pixels": left(60), "standardised": left(95), "0 to 255": left(40)}
    assert "standardised" in handed_over.normalisation(fits).seen
    assert handed_over.normalisation({"pixels": left(95), "standardised": left(97)}) is None


def test_outputs_are_told_apart():
    logits = torch.randn(50, 10, generator=torch.Generator().manual_seed(0))
    assert output_kind(logits) == "logits"
    assert output_kind(logits.softmax(1)) == "softmax"
    assert output_kind(logits.log_softmax(1)) == "log-softmax"
    assert output_kind(logits.sigmoid()) == "logits"  # not negative, and the sum is another
    assert output_kind(-logits.abs()) == "logits"


def test_planted_examples():
    assert gradients.planted([True] * 32) is None
    assert gradients.planted([True] * 28 + [False] * 4) is None  # chance may do that to nineteen in twenty
    assert gradients.planted([True] * 24 + [False] * 8).severity == "masked"
    assert gradients.planted([]) is None  # nothing could be planted
