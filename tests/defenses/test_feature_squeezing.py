import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from advlab.defenses import BitDepth, MedianFilter


def pictures(n, channels, height, width, seed=0):
    """Of few grey levels, so that equal pixels occur."""
    return torch.randint(0, 7, (n, channels, height, width), generator=torch.Generator().manual_seed(seed)) / 6


@given(st.integers(1, 8), st.floats(0, 1, width=32))
def test_the_nearest_of_the_levels(bits, pixel):
    found = float(BitDepth(bits)(torch.full((1, 1, 1, 1), pixel)))
    levels = np.arange(2**bits) / (2**bits - 1)
    nearest = np.abs(levels - pixel).min()
    assert abs(found - pixel) <= nearest + 1e-6
    assert np.abs(levels - found).min() < 1e-6


def test_one_bit_is_black_and_white(digits):
    found = BitDepth(1)(digits.images)
    assert torch.equal(found, (digits.images > 0.5).float())
    assert torch.equal(BitDepth(8)(digits.images), digits.images), "MNIST has 256 levels"


@given(st.integers(2, 5), st.integers(1, 3), st.integers(3, 9), st.integers(3, 9), st.integers(0, 10**6))
@settings(deadline=None, max_examples=60)
def test_the_median_is_scipys(size, channels, height, width, seed):
    images = pictures(2, channels, height, width, seed)
    found = MedianFilter(size)(images)
    for image, result in zip(images.flatten(0, 1), found.flatten(0, 1), strict=True):
        expected = ndimage.median_filter(image.numpy(), size=size, mode="reflect")
        np.testing.assert_array_equal(result.numpy(), expected)


@pytest.mark.parametrize("size", [2, 3])
def test_the_gradient_is_in_the_pixel_that_is_the_median(size):
    """Finite differences in float64; no two pixels are alike."""
    images = torch.rand(1, 1, 6, 5, dtype=torch.double, generator=torch.Generator().manual_seed(1)).requires_grad_()
    assert torch.autograd.gradcheck(MedianFilter(size), (images,), eps=1e-7, atol=1e-6)


def test_a_lone_pixel_disappears_and_a_wide_stroke_stays():
    images = torch.zeros(1, 1, 9, 9)
    images[0, 0, 4, 4] = 1
    assert MedianFilter(3)(images).max() == 0
    images[0, 0, :, 3:6] = 1
    assert torch.equal(MedianFilter(3)(images), images)


@pytest.mark.parametrize("bits", [0, 9])
def test_bits_that_are_none(bits):
    with pytest.raises(ValueError, match=f"bits must lie in 1..8, got {bits}"):
        BitDepth(bits)


def test_windows_that_do_not_fit():
    with pytest.raises(ValueError, match="at least 2"):
        MedianFilter(1)
    with pytest.raises(ValueError, match="window of 8 pixels is too large for an image of 3"):
        MedianFilter(8)(torch.zeros(1, 1, 9, 3))
