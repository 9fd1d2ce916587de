import math
from functools import partial

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from jaxtyping import TypeCheckError
from torch import nn

from advlab.attacks import fgsm
from advlab.evaluation import (
    Proportion,
    accuracy,
    attack_success_rate,
    distances,
    logits,
    paired,
    predict,
    worst_case,
)
from advlab.models.inference import CHUNK, evaluation_mode


@given(st.integers(1, 10**5).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilsons_interval_by_its_formula(case):
    """Wilson 1927: (p + z²/2n ± z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n), with z of 95 %."""
    count, n = case
    z, share = 1.959963984540054, count / n
    middle, spread = share + z**2 / (2 * n), z * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    found = Proportion(count, n)
    assert found.low == pytest.approx((middle - spread) / (1 + z**2 / n), abs=1e-9)
    assert found.high == pytest.approx((middle + spread) / (1 + z**2 / n), abs=1e-9)
    assert found.low - 1e-12 <= found.value <= found.high + 1e-12


def test_as_json():
    stored = Proportion(9912, 10_000).to_json()
    assert list(stored) == ["value", "low", "high", "count", "n"]
    assert (stored["value"], stored["count"], stored["n"]) == (0.9912, 9912, 10_000)
    assert stored["low"] < 0.9912 < stored["high"]


@pytest.mark.parametrize(("count", "n"), [(1, 0), (0, 0), (-1, 5), (6, 5)])
def test_no_proportion(count, n):
    with pytest.raises(ValueError, match="0 <= count <= n"):
        Proportion(count, n)


class Says(nn.Module):
    """Classifies an image as the whole number that its first pixel, times ten, is."""

    def forward(self, images):
        assert not self.training
        assert not torch.is_grad_enabled() or images.requires_grad
        return nn.functional.one_hot((images.flatten(1)[:, 0] * 10).round().long(), 10).float()


def saying(classes):
    images = torch.zeros(len(classes), 1, 28, 28)
    images[:, 0, 0, 0] = torch.tensor(classes) / 10
    return images


def test_accuracy_counts_over_all_chunks():
    said = [index % 10 for index in range(CHUNK + 50)]
    labels = torch.tensor(said)
    labels[[0, 70, CHUNK + 1]] = 9
    assert predict(Says(), saying(said)).tolist() == said
    assert accuracy(Says(), saying(said), labels) == Proportion(len(said) - 3, len(said))


def test_under_attack_it_classifies_what_the_attack_gives_back():
    def turn_to_three(model, images, labels):
        assert len(images) == len(labels)
        return saying([3] * len(images))

    assert accuracy(Says(), saying([1, 3, 5]), torch.tensor([1, 3, 5]), turn_to_three) == Proportion(1, 3)


def test_under_fgsm(trained, digits):
    clean = accuracy(trained, digits.images, digits.labels)
    harmless = accuracy(trained, digits.images, digits.labels, partial(fgsm, epsilon=0.0))
    assert accuracy(trained, digits.images, digits.labels, partial(fgsm, epsilon=0.3)).value < clean.value
    assert harmless == clean


def test_chunks_change_nothing(network, digits):
    torch.testing.assert_close(logits(network, digits.images), network.eval()(digits.images), rtol=1e-5, atol=1e-6)
    assert not logits(network, digits.images).requires_grad


def test_every_module_gets_its_mode_back(network, digits):
    network.train()
    network.conv2.eval()
    predict(network, digits.images)
    assert [name for name, module in network.named_modules() if not module.training] == ["conv2"]
    with pytest.raises(RuntimeError, match="inside"), evaluation_mode(network):
        raise RuntimeError("inside")
    assert [name for name, module in network.named_modules() if not module.training] == ["conv2"]


def test_nothing_to_classify(network, digits):
    with pytest.raises(ValueError, match="empty batch"):
        logits(network, digits.images[:0])
    with pytest.raises(ValueError, match="empty batch"):
        accuracy(network, digits.images[:0], digits.labels[:0])


def test_labels_that_do_not_fit(network, digits):
    # The shapes in the annotations say so first; without them the function's own message stands.
    with pytest.raises(Exception, match=r"5 images but 4 labels|batch"):
        accuracy(network, digits.images[:5], digits.labels[:4])


def test_shapes_are_checked_while_the_tests_run(network):
    """By tests/conftest.py, unless somebody imports advlab before it."""
    with pytest.raises(TypeCheckError, match="images"):
        predict(network, torch.zeros(3, dtype=torch.long))


def _answering():
    """A model whose answer is the brightness of an image's first pixel, looked up."""

    class Lookup(torch.nn.Module):
        def forward(self, images):
            return torch.nn.functional.one_hot((images.flatten(1)[:, 0] * 10).round().long().clamp(0, 9), 10).float()

    return Lookup()


def _images(*brightness):
    return (torch.tensor(brightness) / 10)[:, None, None, None].expand(-1, 1, 2, 2).contiguous()


def test_the_worst_case_is_taken_image_by_image():
    images, labels = _images(1, 2, 3, 4), torch.tensor([1, 2, 3, 9])

    def dims(chosen):
        return lambda model, given, truth: torch.where((truth == chosen)[:, None, None, None], given * 0, given)

    seen = []

    def watching(model, given, truth):
        seen.append(truth.tolist())
        return given

    found = worst_case(_answering(), images, labels, {"one": dims(1), "watch": watching, "two": dims(2)})
    assert found.broken_by == ["one", "two", None, None]
    assert found.clean.tolist() == [True, True, True, False]
    assert found.right.tolist() == [False, False, True, False]
    assert found.robust_accuracy == Proportion(1, 4)
    assert seen == [[2, 3]]  # neither the broken one nor the one that was wrong from the start
    assert torch.equal(found.adversarial[2:], images[2:])
    assert (found.adversarial[:2] == 0).all()


def test_an_attack_that_gives_back_garbage_gets_no_credit():
    images, labels = _images(1, 2), torch.tensor([1, 2])
    found = worst_case(_answering(), images, labels, {"nothing": lambda model, given, truth: given.clone()})
    assert found.right.all()
    assert found.broken_by == [None, None]


def test_success_counts_only_what_was_right_before():
    clean, attacked = torch.tensor([True, True, True, False]), torch.tensor([True, False, False, False])
    assert attack_success_rate(clean, attacked) == Proportion(2, 3)
    with pytest.raises((ValueError, TypeCheckError)):
        attack_success_rate(clean[:2], attacked)


def test_distances_are_infinite_where_the_attack_failed():
    images, labels = _images(1, 2), torch.tensor([1, 2])
    moved = images.clone()
    moved[0] += 0.3
    for norm, size in (("Linf", 0.3), ("L2", 0.6)):
        found = distances(_answering(), images, labels, moved, norm)
        assert found[0].item() == pytest.approx(size)
        assert found[1].item() == float("inf")


def test_pairs_are_mcnemars():
    first = torch.tensor([True] * 8 + [False] * 1 + [True] * 20)
    second = torch.tensor([False] * 8 + [True] * 1 + [True] * 20)
    found = paired(first, second)
    assert (found["only_first"], found["only_second"]) == (8, 1)
    # Nine tosses of a fair coin, as uneven as 8 to 1 or more: 2 (1 + 9) / 2^9.
    assert found["p"] == pytest.approx(20 / 512)
    assert paired(first, first)["p"] == 1
    with pytest.raises((ValueError, TypeCheckError)):
        paired(first, second[:3])
