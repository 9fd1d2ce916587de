import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from advlab.defenses import RandomResizing
from advlab.defenses.random_resizing import placed


def drawn(seed=0):
    return torch.Generator().manual_seed(seed)


@given(st.integers(1, 12), st.integers(0, 10**6), st.data())
@settings(deadline=None, max_examples=60)
def test_one_size_and_place_by_interpolation_and_padding(side, seed, data):
    """torch's own resizing, then black around it."""
    size = data.draw(st.integers(1, side))
    top, left = data.draw(st.integers(0, side - size)), data.draw(st.integers(0, side - size))
    images = torch.rand(1, 2, side, side, generator=drawn(seed))
    small = F.interpolate(images, size=(size, size), mode="bilinear", align_corners=False)
    expected = F.pad(small, (left, side - size - left, top, side - size - top))
    found = placed(images, torch.tensor([size]), torch.tensor([[top, left]]))
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


def test_sizes_and_places_are_spread_over_all_that_is_allowed():
    """White images show where they were put."""
    found = RandomResizing(6, generator=drawn())(torch.ones(2000, 1, 8, 8))[:, 0] > 0.5
    heights, widths = found.any(2).sum(1), found.any(1).sum(1)
    assert torch.equal(heights, widths)
    counts = heights.bincount(minlength=9)
    assert counts[:6].sum() == 0
    assert (counts[6:] > 2000 / 3 - 120).all(), "each size as often"
    corners = torch.stack([found.any(2).int().argmax(1), found.any(1).int().argmax(1)], dim=1)[heights == 6]
    places = (corners[:, 0] * 3 + corners[:, 1]).bincount(minlength=9)
    assert len(places) == 9
    assert (places > counts[6] / 9 - 40).all(), "each place as often"


def test_the_generators_state_decides(digits):
    few = digits.images[:10]
    one, other = RandomResizing(20, generator=drawn(3)), RandomResizing(20, generator=drawn(3))
    first = one(few)
    assert torch.equal(first, other(few))
    assert not torch.equal(first, one(few)), "each call draws anew"
    assert first.shape == few.shape
    assert 0 <= first.min() <= first.max() <= 1


def test_the_gradient_by_finite_differences():
    images = torch.rand(2, 1, 6, 6, dtype=torch.double, generator=drawn()).requires_grad_()
    sizes, corners = torch.tensor([4, 5]), torch.tensor([[1, 2], [0, 1]])
    assert torch.autograd.gradcheck(lambda x: placed(x, sizes, corners), (images,), atol=1e-6)


def test_formats_that_do_not_fit():
    with pytest.raises(ValueError, match="smallest must be at least 1 pixel, got 0"):
        RandomResizing(0, generator=drawn())
    for height, width in ((8, 9), (7, 7)):
        with pytest.raises(ValueError, match=f"got {height} by {width}"):
            RandomResizing(8, generator=drawn())(torch.zeros(1, 1, height, width))
