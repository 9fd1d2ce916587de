import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from advlab.attacks.transformations import Placements, apply_patch, random_placements


def drawn(seed=0):
    return torch.Generator().manual_seed(seed)


def at(row, column, angle=0.0, scale=1.0):
    return Placements(*(torch.tensor([value]) for value in (float(row), float(column), float(angle), float(scale))))


def pictures(n=3, height=28, width=28, channels=1):
    return torch.rand(n, channels, height, width, generator=drawn(5))


@pytest.mark.parametrize(("top", "left", "size"), [(0, 0, 5), (23, 23, 5), (7, 12, 6), (3, 20, 8)])
def test_without_turn_and_scale_it_is_pasted_pixel_for_pixel(top, left, size):
    images, patch = pictures(1), torch.rand(1, size, size, generator=drawn())
    expected = images.clone()
    expected[0, :, top : top + size, left : left + size] = patch
    pasted = apply_patch(images, patch, at(top + size / 2, left + size / 2), shape="square")
    torch.testing.assert_close(pasted, expected, rtol=0, atol=1e-5)
    outside = torch.ones(28, 28, dtype=torch.bool)
    outside[top : top + size, left : left + size] = False
    assert torch.equal(pasted[..., outside], images[..., outside]), "not a bit of the rest is touched"


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_quarter_turn_is_a_quarter_turn(quarters):
    """Counter-clockwise, as torch.rot90 in rows and columns."""
    patch = torch.rand(1, 6, 6, generator=drawn())
    turned = apply_patch(pictures(1), patch, at(14, 14, 90 * quarters), shape="square")
    expected = torch.rot90(patch, quarters, (1, 2))
    torch.testing.assert_close(turned[0, :, 11:17, 11:17], expected, rtol=0, atol=1e-4)


def test_twice_the_scale_covers_four_times_the_pixels():
    images, patch = torch.zeros(1, 1, 28, 28), torch.ones(1, 5, 5)
    for scale in (1, 2, 3):
        covered = apply_patch(images, patch, at(14.5, 14.5, 0, scale), shape="square").sum()
        assert covered == (5 * scale) ** 2 or (scale == 2 and covered in (81, 100))


def test_a_circle_leaves_the_corners_out():
    images, patch = torch.zeros(1, 1, 28, 28), torch.ones(1, 11, 11)
    covered = apply_patch(images, patch, at(14, 14), shape="circle")[0, 0]
    assert covered[9, 9] == 0
    assert covered[14, 9] == 1
    assert float(covered.sum()) == pytest.approx(math.pi * 5.5**2, rel=0.1)


@given(
    st.integers(0, 10**6),
    st.integers(1, 11),
    st.floats(0, 180),
    st.floats(0.5, 1),
    st.floats(1, 1.5),
    st.sampled_from(["circle", "square"]),
)
@settings(deadline=None, max_examples=40)
def test_it_lies_inside_the_image_and_changes_nothing_else(seed, size, angle, low, high, shape):
    """Drawn into the middle of a larger image, at the same places, nothing of it would stick out."""
    placements = random_placements(
        8, (28, 28), size, generator=drawn(seed), shape=shape, angle=angle, scales=(low, high)
    )
    margin = 10
    wide = Placements(placements.rows + margin, placements.columns + margin, placements.angles, placements.scales)
    images = torch.zeros(8, 1, 28 + 2 * margin, 28 + 2 * margin)
    covered = apply_patch(images, torch.ones(1, size, size), wide, shape=shape)
    inner = covered[:, :, margin:-margin, margin:-margin]
    assert covered.sum() == inner.sum()
    patched = apply_patch(pictures(8), torch.rand(1, size, size, generator=drawn(seed)), placements, shape=shape)
    assert 0 <= patched.min() <= patched.max() <= 1
    assert torch.equal(patched[inner == 0], pictures(8)[inner == 0])


def test_the_gradient_flows_to_the_patch_and_only_where_it_is_seen():
    images = pictures(2).requires_grad_()
    patch = torch.full((1, 9, 9), 0.5, requires_grad=True)
    places = random_placements(2, (28, 28), 9, generator=drawn())
    apply_patch(images, patch, places).sum().backward()
    # The corner of the square is not in the circle; what touches it is interpolated with a little of it.
    assert patch.grad[0, 0, 0] < 0.01 * patch.grad[0, 4, 4]
    covered = apply_patch(torch.zeros(2, 1, 28, 28), torch.ones(1, 9, 9), places)
    assert torch.equal(images.grad == 0, covered > 0.5), "what is under the patch does not count"


def test_colours_and_rectangles():
    images, patch = pictures(2, 20, 30, 3), torch.rand(3, 4, 4, generator=drawn())
    places = random_placements(2, (20, 30), 4, generator=drawn(), angle=0, scales=(1, 1))
    patched = apply_patch(images, patch, places)
    assert patched.shape == images.shape
    assert (patched != images).any(1).sum() <= 2 * 16


def test_placements_are_spread_over_all_that_is_allowed():
    places = random_placements(4000, (28, 20), 4, generator=drawn(), angle=30, scales=(0.5, 1.5), shape="square")
    assert places.angles.min() < -29
    assert places.angles.max() > 29
    assert places.scales.min() < 0.51
    assert places.scales.max() > 1.49
    assert 1 < places.rows.min() < 2
    assert 26 < places.rows.max() < 27
    assert 18 < places.columns.max() < 19


@pytest.mark.parametrize(
    ("size", "options"),
    [(29, {}), (25, {"angle": 45.0}), (5, {"scales": (1.2, 0.8)}), (5, {"scales": (0.0, 1.0)}), (5, {"angle": -1.0})],
)
def test_what_does_not_fit_is_refused(size, options):
    with pytest.raises(ValueError, match=r"fit|must be"):
        random_placements(20, (28, 28), size, generator=drawn(), **{"shape": "square", **options})


def test_a_patch_of_another_form_is_refused():
    for patch in (torch.rand(3, 5, 5), torch.rand(1, 5, 6)):
        with pytest.raises(ValueError, match="patch"):
            apply_patch(pictures(1), patch, at(14, 14))
