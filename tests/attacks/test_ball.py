import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from advlab.attacks.ball import lengths, per_image, projected, steepest, uniform

SEEDS = st.integers(0, 10**6)
NORMS = st.sampled_from(["Linf", "L2"])
both_norms = pytest.mark.parametrize("norm", ["Linf", "L2"])
EPSILONS = st.floats(0, 1, allow_subnormal=False)
DTYPES = st.sampled_from([torch.float32, torch.float64])


def pictures(seed, dtype, n=4):
    """Images with exact zeros and ones, and points far outside of every ball."""
    generator = torch.Generator().manual_seed(seed)
    images = (torch.rand(n, 1, 3, 5, generator=generator, dtype=dtype) * 2 - 0.5).clamp(0, 1)
    return images, images + 3 * torch.randn(images.shape, generator=generator, dtype=dtype)


@given(SEEDS, EPSILONS, NORMS, DTYPES)
@settings(deadline=None, max_examples=100)
def test_projected_into_ball_and_domain_and_there_it_stays(seed, epsilon, norm, dtype):
    images, far = pictures(seed, dtype)
    inside = projected(far, images, epsilon, norm)
    rounding = 1e-6 if dtype == torch.float32 else 1e-14
    assert (lengths(inside - images, norm) <= epsilon + rounding).all()
    assert 0 <= inside.min() <= inside.max() <= 1
    torch.testing.assert_close(projected(inside, images, epsilon, norm), inside, rtol=0, atol=rounding)


@given(SEEDS, st.floats(0.05, 1), NORMS)
@settings(deadline=None, max_examples=60)
def test_what_is_inside_is_not_moved(seed, epsilon, norm):
    images, far = pictures(seed, torch.float64)
    change = (far - images) * per_image(0.99 * epsilon / lengths(far - images, norm), images)
    within = (images + change).clamp(0, 1)
    torch.testing.assert_close(projected(within, images, epsilon, norm), within, rtol=0, atol=1e-14)


@given(SEEDS, st.floats(0.01, 1))
@settings(deadline=None, max_examples=60)
def test_no_point_of_the_ball_is_nearer_than_the_projection(seed, epsilon):
    """Where the box does not bind: an L2 ball round grey, its points tried at random; pixel by pixel in L-infinity."""
    generator = torch.Generator().manual_seed(seed)
    grey = torch.full((1, 1, 2, 3), 0.5, dtype=torch.float64)
    far = grey + torch.randn(grey.shape, generator=generator, dtype=torch.float64)
    epsilon = epsilon / 3  # no corner of the ball leaves [0, 1]
    for norm in ("Linf", "L2"):
        nearest = float(lengths(far - projected(far, grey, epsilon, norm), "L2"))
        for _ in range(30):
            tried = uniform(grey, epsilon, norm, generator)
            assert float(lengths(far - tried, "L2")) >= nearest - 1e-12


@given(SEEDS, EPSILONS, NORMS, DTYPES)
@settings(deadline=None, max_examples=60)
def test_random_starts_lie_inside_and_follow_the_generator(seed, epsilon, norm, dtype):
    images, _ = pictures(seed, dtype)
    start = uniform(images, epsilon, norm, torch.Generator().manual_seed(seed))
    generator = torch.Generator().manual_seed(seed)
    again, next_one = (uniform(images, epsilon, norm, generator) for _ in range(2))
    assert (lengths(start - images, norm) <= epsilon + 1e-6).all()
    assert 0 <= start.min() <= start.max() <= 1
    assert start.dtype == dtype
    assert torch.equal(start, again)
    assert epsilon < 1e-3 or not torch.equal(start, next_one)


@both_norms
def test_random_starts_fill_the_ball(norm):
    """A uniform point has the radius r with probability r ** pixels in L2; in L-infinity each pixel is uniform."""
    grey = torch.full((4000, 1, 1, 3), 0.5, dtype=torch.float64)
    change = uniform(grey, 0.25, norm, torch.Generator().manual_seed(0)) - grey
    share = (lengths(change, "L2") / 0.25) ** 3 if norm == "L2" else change.flatten() / 0.5 + 0.5
    quantiles = torch.tensor([0.1, 0.25, 0.5, 0.75, 0.9], dtype=torch.float64)
    torch.testing.assert_close(share.quantile(quantiles), quantiles, rtol=0, atol=0.03)
    assert (change.mean(0).abs() < 0.01).all()


@both_norms
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("size", [1e-40, 1e-30, 1e-20, 1e-6, 1.0, 1e30])
def test_the_steepest_step_has_length_one_however_faint_the_gradient(norm, dtype, size):
    """Squares of 1e-20 vanish in float32, and a floor under the length shortens the step: cleverhans' bug."""
    _, far = pictures(3, dtype)
    gradient = far * size
    step = steepest(gradient, norm)
    torch.testing.assert_close(lengths(step, norm), torch.ones(4, dtype=dtype), rtol=1e-5, atol=0)
    assert torch.equal(step.sign(), gradient.sign())


@given(SEEDS)
@settings(deadline=None, max_examples=40)
def test_no_step_of_length_one_climbs_higher(seed):
    _, gradient = pictures(seed, torch.float64)
    generator = torch.Generator().manual_seed(seed)
    for norm in ("Linf", "L2"):
        best = (gradient * steepest(gradient, norm)).flatten(1).sum(1)
        other = torch.randn(gradient.shape, generator=generator, dtype=torch.float64)
        other = other / per_image(lengths(other, norm), other)
        assert (best >= (gradient * other).flatten(1).sum(1)).all()


@both_norms
def test_no_gradient_no_step(norm):
    """An image whose gradient is exactly 0 stays where it is, beside one that moves; nothing becomes NaN."""
    gradient = torch.zeros(2, 1, 4, 4)
    gradient[1, 0, 2, 2] = -3e-9
    step = steepest(gradient, norm)
    assert torch.equal(step[0], torch.zeros(1, 4, 4))
    assert float(step[1, 0, 2, 2]) == pytest.approx(-1)
    assert torch.equal(
        projected(torch.rand(2, 1, 4, 4) * 0 + 0.5, torch.full((2, 1, 4, 4), 0.5), 0.1, norm), step * 0 + 0.5
    )


def test_lengths_are_those_of_the_norms():
    change = torch.tensor([[[[3.0, -4.0]]], [[[0.0, 0.5]]]])
    assert lengths(change, "Linf").tolist() == [4, 0.5]
    assert lengths(change, "L2").tolist() == [5, 0.5]
