import torch
from hypothesis import given
from hypothesis import strategies as st

from advlab.training.augmentation import CONTRAST, nudged, redrawn, warp

ONE = torch.ones(1)
NONE = torch.zeros(1)


def picture(side=9):
    return torch.rand(1, 1, side, side, generator=torch.Generator().manual_seed(0))


def test_nothing_asked_is_nothing_done():
    torch.testing.assert_close(warp(picture(), NONE, ONE, NONE, NONE), picture(), rtol=0, atol=1e-6)


def test_a_quarter_turn_is_counter_clockwise():
    torch.testing.assert_close(
        warp(picture(), 90 * ONE, ONE, NONE, NONE), picture().rot90(1, (2, 3)), rtol=0, atol=1e-5
    )


def test_moved_by_whole_pixels():
    moved = warp(picture(), NONE, ONE, 2 * ONE, -3 * ONE)
    expected = torch.zeros_like(moved)
    expected[..., :6, 2:] = picture()[..., 3:, :7]
    torch.testing.assert_close(moved, expected, rtol=0, atol=1e-5)


def test_turned_first_then_moved():
    """A quarter turn and a step to the right: the step is not turned."""
    turned = warp(picture(), 90 * ONE, ONE, NONE, NONE)
    both = warp(picture(), 90 * ONE, ONE, 2 * ONE, NONE)
    torch.testing.assert_close(both[..., 2:], turned[..., :-2], rtol=0, atol=1e-5)


def test_twice_as_large():
    """The distance between two dots doubles."""
    dots = torch.zeros(1, 1, 17, 17)
    dots[0, 0, 8, 6] = dots[0, 0, 8, 10] = 1.0
    enlarged = warp(dots, NONE, 2 * ONE, NONE, NONE)
    assert enlarged[0, 0, 8, 4] == enlarged[0, 0, 8, 12] == enlarged.max()
    assert enlarged[0, 0, 8, 8] == 0


@given(st.integers(0, 10**6))
def test_redrawn_stays_in_the_domain_and_follows_the_seed(seed):
    images = torch.rand(4, 1, 12, 12, generator=torch.Generator().manual_seed(seed))
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        one = redrawn(images)
        other = redrawn(images)
        torch.manual_seed(seed)
        again = redrawn(images)
    assert one.min() >= 0
    assert one.max() <= 1
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


def test_each_image_by_itself_and_black_and_white_stay():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        same = redrawn(picture(28).expand(3, 1, 28, 28))
        white = torch.zeros(5, 1, 28, 28)
        white[..., 8:20, 8:20] = 1.0
        drawn = redrawn(white)
    assert not torch.equal(same[0], same[1])
    assert (drawn[..., 12:16, 12:16] == 1).all()
    assert (drawn[..., :4, :] == 0).all()
    assert CONTRAST > 1


def test_digits_are_about_as_black_as_before(digits):
    """Interpolation makes grey of black and white; the restored contrast takes it back."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        drawn = redrawn(digits.images)

    def grey(images):
        return ((images > 0.2) & (images < 0.8)).float().mean().item()

    assert abs(grey(drawn) / grey(digits.images) - 1) < 0.25
    assert abs(drawn.mean().item() / digits.images.mean().item() - 1) < 0.1


def test_nudged_by_a_whole_pixel_or_none():
    """Each of the nine moves is one that `warp` makes, all of them come, and the seed decides."""
    images = picture(9).expand(200, 1, 9, 9)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        one, other = nudged(images), nudged(images)
        torch.manual_seed(0)
        assert torch.equal(nudged(images), one)
    assert not torch.equal(one, other)
    moves = [warp(picture(), NONE, ONE, across * ONE, down * ONE) for across in (-1, 0, 1) for down in (-1, 0, 1)]
    near = torch.stack([(one - move).abs().amax((1, 2, 3)) < 1e-5 for move in moves])
    assert (near.sum(0) == 1).all()
    assert near.any(1).all()
