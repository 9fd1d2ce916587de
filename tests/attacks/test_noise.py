import pytest
import torch

from advlab.attacks import random_noise
from advlab.models.inference import CHUNK


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_every_pixel_moves_by_epsilon_up_or_down(network):
    grey = torch.full((CHUNK + 20, 1, 28, 28), 0.5)
    moved = random_noise(network, grey, torch.zeros(len(grey), dtype=torch.long), 0.2, generator=generator()) - grey
    torch.testing.assert_close(moved.abs(), torch.full_like(moved, 0.2))
    assert float((moved > 0).float().mean()) == pytest.approx(0.5, abs=0.01)
    assert (moved[:20] != moved[CHUNK:]).any()  # each chunk tosses its own coins


def test_in_l2_every_image_moves_by_epsilon_in_a_direction_of_its_own(network):
    grey = torch.full((50, 1, 28, 28), 0.5)
    labels = torch.zeros(len(grey), dtype=torch.long)
    moved = (random_noise(network, grey, labels, 2.0, generator=generator(), norm="L2") - grey).flatten(1)
    torch.testing.assert_close(moved.norm(dim=1), torch.full((50,), 2.0))
    cosines = torch.corrcoef(moved)[~torch.eye(50, dtype=torch.bool)]
    assert cosines.abs().max() < 0.2  # of independent directions in 784 dimensions: a deviation of 1 / 28


def test_it_stays_in_the_box(network, digits):
    noisy = random_noise(network, digits.images, digits.labels, 0.3, generator=generator())
    assert 0 <= noisy.min() <= noisy.max() <= 1
    assert (noisy - digits.images).abs().max() <= 0.3 + 1e-6


def test_the_generator_alone_decides(network, digits):
    one, same, other = (
        random_noise(network, digits.images, digits.labels, 0.1, generator=generator(seed)) for seed in (1, 1, 2)
    )
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_without_a_generator_it_does_not_run(network, digits):
    with pytest.raises(TypeError, match="generator"):
        random_noise(network, digits.images, digits.labels, 0.1)
