import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from advlab.attacks import square, square_queries
from advlab.attacks.ball import lengths
from advlab.attacks.square import square_fraction
from advlab.evaluation import predict


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def smooth(seed=0, classes=10, channels=2, side=7):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        pixels = channels * side * side
        return nn.Sequential(nn.Flatten(), nn.Linear(pixels, 12), nn.Tanh(), nn.Linear(12, classes))


def pictures(n, seed=0, channels=2, side=7):
    return (torch.rand(n, channels, side, side, generator=generator(seed)) * 2 - 0.5).clamp(0, 1)


@given(st.integers(0, 10**6), st.floats(0, 1), st.sampled_from(["Linf", "L2"]))
@settings(deadline=None, max_examples=8)
def test_within_ball_and_box_and_the_same_again(seed, epsilon, norm):
    model, images = smooth(seed), pictures(4, seed)
    labels = predict(model, images)
    attacked = square(model, images, labels, epsilon, generator=generator(seed), norm=norm, queries=15)
    assert lengths(attacked - images, norm).max() <= epsilon + 1e-6
    assert 0 <= attacked.min() <= attacked.max() <= 1
    again = square(model, images, labels, epsilon, generator=generator(seed), norm=norm, queries=15)
    assert torch.equal(attacked, again)


@pytest.mark.parametrize("norm", ["Linf", "L2"])
def test_epsilon_zero_is_the_identity(norm):
    model, images = smooth(), pictures(4)
    assert torch.equal(
        square(model, images, predict(model, images), 0.0, generator=generator(), norm=norm, queries=9), images
    )


def test_the_query_count_is_honest():
    """No attack sees more of the model than the counts say, whatever the chunks and whoever left before."""
    model, images = smooth(2), pictures(9, 2)
    labels = predict(model, images)
    labels[0] = (labels[0] + 1) % 10  # wrong from the start
    taken = square_queries(model, images, labels, 0.15, generator=generator(), queries=40)
    assert taken[0] == 1
    assert taken.min() >= 1
    assert taken.max() == 41  # one that withstands 40 queries
    assert 0 < (taken <= 40).sum() < 9
    asked = []
    handle = model.register_forward_hook(lambda module, inputs, output: asked.append(len(inputs[0])))
    square(model, images, labels, 0.15, generator=generator(), queries=40)
    handle.remove()
    # The decorator looks at the first image once, to learn the number of classes.
    assert sum(asked) - 1 == taken.clamp_max(40).sum()


def test_counts_and_images_belong_together():
    model, images = smooth(3), pictures(8, 3)
    labels = predict(model, images)
    taken = square_queries(model, images, labels, 0.15, generator=generator(), queries=60)
    attacked = square(model, images, labels, 0.15, generator=generator(), queries=60)
    assert torch.equal(predict(model, attacked) != labels, taken <= 60)


def test_it_asks_for_no_gradient():
    class Closed(nn.Module):
        def forward(self, images):
            assert not images.requires_grad
            return images.flatten(1)[:, :10].detach()

    images = pictures(3)
    square(Closed(), images, predict(Closed(), images), 0.2, generator=generator(), queries=20)


def test_more_queries_never_lose_a_linear_worst_case():
    """On a linear model every accepted square lowers the margin: the closed form bounds it, and is neared."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(49, 2))
    with torch.no_grad():
        model[1].weight.copy_(torch.randn(2, 49, generator=generator(5)).sign() * torch.tensor([[1.0], [0.0]]))
        model[1].bias.copy_(torch.tensor([100.0, 0.0]))
    images = 0.4 + 0.2 * torch.rand(5, 1, 7, 7, generator=generator(6))
    labels = predict(model, images)
    worst = model(images)[:, 0] - 0.1 * 49
    attacked = square(model, images, labels, 0.1, generator=generator(), queries=1000)
    reached = model(attacked)[:, 0].detach()
    assert (reached >= worst - 1e-4).all()
    torch.testing.assert_close(reached, worst.detach(), rtol=0, atol=0.1 * 49 * 0.1)


def test_the_papers_schedule():
    assert square_fraction(5, 10_000, 0.8) == 0.8
    assert square_fraction(11, 10_000, 0.8) == 0.4
    assert square_fraction(9_000, 10_000, 0.8) == 0.8 / 2**8
    assert square_fraction(50, 1000, 0.8) == square_fraction(500, 10_000, 0.8)


@pytest.mark.parametrize("norm", ["Linf", "L2"])
def test_the_first_guess_uses_the_whole_ball(norm):
    grey = torch.full((3, 1, 14, 14), 0.5)

    class Sure(nn.Module):
        def forward(self, images):
            return torch.stack([images.flatten(1).sum(1) * 0 + 1, images.flatten(1).sum(1) * 0], dim=1)

    labels = torch.zeros(3, dtype=torch.long)
    attacked = square(Sure(), grey, labels, 0.25, generator=generator(), norm=norm, queries=2)
    torch.testing.assert_close(lengths(attacked - grey, norm), torch.full((3,), 0.25))
    if norm == "Linf":  # stripes from top to bottom
        assert torch.equal(attacked, attacked[:, :, :1].expand_as(attacked))


def test_bad_input():
    model, images = smooth(), pictures(3)
    labels = predict(model, images)
    with pytest.raises(ValueError, match="p_init"):
        square(model, images, labels, 0.1, generator=generator(), p_init=0.0)
    flat = nn.Sequential(nn.Linear(98, 10))
    with pytest.raises(ValueError, match="height"):
        square(flat, images.flatten(1), labels, 0.1, generator=generator())
