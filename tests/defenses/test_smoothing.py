import math

import pytest
import torch
from scipy import stats
from torch import nn

from advlab.defenses import ABSTAIN, Certificates, certified_accuracy, certify, largest_radius
from advlab.defenses.smoothing import certified_radius, predict
from advlab.engine.cache.progress import listening
from advlab.models.inference import CHUNK


def coins(seed=0):
    return torch.Generator().manual_seed(seed)


def plane(pixels=9, seed=0):
    """Two classes and a plane between them."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(pixels, 2)).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=coins(seed)))
        # Through the middle of the cube, so that images lie on both sides.
        model[1].bias.copy_(-model[1].weight.sum(1) / 2)
    return model


def distances(model, images):
    """From each image to the plane: exactly the radius in which the smoothed classifier stays, whatever sigma."""
    with torch.no_grad():
        first, second = model(images).T
    weight = model[1].weight.detach()
    return (first - second).abs() / (weight[0] - weight[1]).norm(), (second > first).long()


class Heads(nn.Module):
    """Class 0, 1, 2 by which third of the normal distribution the noise on the only pixel falls into."""

    def forward(self, images):
        noise = (images.flatten(1)[:, 0] - 0.5) / 0.1
        edges = torch.tensor([stats.norm.ppf(0.4), stats.norm.ppf(0.8)])
        return nn.functional.one_hot((noise[:, None] > edges).sum(1), 3).float()


# --- statistics -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "n"), [(60, 100), (99, 100), (9_900, 10_000), (99_999, 100_000)])
@pytest.mark.parametrize("alpha", [0.001, 0.05])
def test_the_bound_is_clopper_and_pearsons_one_sided(count, n, alpha):
    """At the bound so many draws or more come with probability alpha: the definition, by scipy's binomial."""
    low = stats.norm.cdf(certified_radius(count, n, alpha, 0.5) / 0.5)
    if stats.binom.sf(count - 1, n, 0.5) > alpha:
        assert certified_radius(count, n, alpha, 0.5) == 0
    else:
        assert math.isclose(stats.binom.sf(count - 1, n, low), alpha, rel_tol=1e-6)
        exact = stats.binomtest(count, n, alternative="greater").proportion_ci(1 - alpha).low
        assert math.isclose(low, exact, rel_tol=1e-9)


@pytest.mark.parametrize("n", [1, 100, 10_000, 100_000])
def test_the_largest_radius(n):
    """All draws alike: the bound is the n-th root of alpha. One draw proves nothing."""
    expected = max(0.25 * stats.norm.ppf(0.001 ** (1 / n)), 0.0)
    assert math.isclose(largest_radius(n, 0.001, 0.25), expected, rel_tol=1e-9)
    assert largest_radius(n, 0.001, 0.25) == certified_radius(n, n, 0.001, 0.25)


def test_a_wrong_certificate_is_as_rare_as_alpha_says():
    """Of 600 certificates of one image, so many lie above its true radius as the binomial distribution has it."""
    model, image = plane(), torch.full((1, 3, 3), 0.5, dtype=torch.float64)
    weight = (model[1].weight[0] - model[1].weight[1]).detach()
    image = image + 0.3 * (weight / weight.norm()).view(1, 3, 3)
    (true,), _ = distances(model, image[None])
    assert math.isclose(true, 0.3, rel_tol=1e-9)
    n, sigma, alpha, tries = 100, 0.5, 0.2, 600
    p = stats.norm.cdf(true.item() / sigma)
    proving = [count for count in range(n + 1) if certified_radius(count, n, alpha, sigma) > true]
    wrong = stats.binom.pmf(proving, n, p).sum()
    assert 0.1 < wrong <= alpha
    found = certify(model, image.expand(tries, 1, 3, 3), sigma=sigma, n0=20, n=n, alpha=alpha, generator=coins())
    above = int((found.radii > true).sum())
    low, high = stats.binom.ppf([1e-4, 1 - 1e-4], tries, wrong)
    assert low <= above <= high


def test_the_radius_of_a_plane_is_found_from_below():
    """With many draws nearly all of it, as long as n can prove so much."""
    model, images = plane(), torch.rand(12, 1, 3, 3, generator=coins(), dtype=torch.float64)
    true, answers = distances(model, images)
    found = certify(model, images, sigma=0.5, n0=2000, n=40_000, generator=coins(1))
    assert (found.radii <= true).all(), "twelve certificates, each wrong with probability 1/1000"
    near = (true > 0.05) & (true < 0.8)
    assert near.sum() > 6
    assert torch.equal(found.classes[near], answers[near])
    # The draws lie within three standard errors of p, and the bound about three below the draws.
    p = torch.distributions.Normal(0.0, 1.0).cdf(true / 0.5)
    lower = p - 6 * (p * (1 - p) / 40_000).sqrt()
    assert (found.radii[near] >= 0.5 * torch.distributions.Normal(0.0, 1.0).icdf(lower)[near]).all()


def test_no_radius_is_larger_than_n_can_prove():
    model, images = plane(), torch.rand(5, 1, 3, 3, generator=coins(), dtype=torch.float64)
    found = certify(model, images, sigma=0.01, n=200, n0=10, generator=coins())
    assert found.radii.max() == largest_radius(200, 0.001, 0.01)


# --- abstention -------------------------------------------------------------------------------------------------------


def test_it_abstains_on_the_plane_itself():
    model, image = plane(), torch.full((8, 1, 3, 3), 0.5, dtype=torch.float64)
    found = certify(model, image, sigma=0.5, n=500, generator=coins())
    assert found.classes.tolist() == [ABSTAIN] * 8
    assert found.radii.tolist() == [0.0] * 8
    assert predict(model, image, sigma=0.5, n=500, generator=coins()).tolist() == [ABSTAIN] * 8


def test_the_most_frequent_class_may_be_predicted_without_a_majority_and_not_certified():
    """Classes of probability .4, .4, .2: a tie. Moved a little, .52 leads: with enough draws it is certified."""
    tie = torch.tensor([[0.5]])
    assert predict(Heads(), tie, sigma=0.1, n=5000, generator=coins()).tolist() == [ABSTAIN]
    # The pixel at .5 + .1 shift: class 1 has .45, class 0 less than .4.
    shifted = 0.5 + 0.1 * 0.15
    p = stats.norm.cdf(stats.norm.ppf([0.4, 0.8]) - 0.15)
    assert p[0] < p[1] - p[0] < 0.5
    image = torch.tensor([[shifted]])
    assert predict(Heads(), image, sigma=0.1, n=5000, generator=coins()).tolist() == [1]
    assert certify(Heads(), image, sigma=0.1, n=5000, generator=coins()).classes.tolist() == [ABSTAIN]


def test_prediction_decides_by_the_two_sided_binomial_test():
    """Answers and abstentions are replayed from the counts that the same draws give."""
    model, images = plane(), torch.full((40, 1, 3, 3), 0.5, dtype=torch.float64)
    weight = (model[1].weight[0] - model[1].weight[1]).detach()
    images = images + 0.1 * (weight / weight.norm()).view(1, 3, 3)
    answers = predict(model, images, sigma=0.5, n=CHUNK, alpha=0.05, generator=coins(2))
    replay, expected = coins(2), []
    for image in images:
        noise = torch.randn(CHUNK, 1, 3, 3, generator=replay, dtype=torch.float64)
        counts = torch.bincount(model(image + 0.5 * noise).argmax(1), minlength=2).tolist()
        sure = stats.binomtest(max(counts), CHUNK).pvalue <= 0.05
        expected.append(counts.index(max(counts)) if sure else ABSTAIN)
    assert answers.tolist() == expected
    assert 5 < expected.count(ABSTAIN) < 35


# --- the curve --------------------------------------------------------------------------------------------------------


def test_certified_accuracy_by_hand():
    found = Certificates(torch.tensor([3, ABSTAIN, 1, 2]), torch.tensor([0.5, 0.0, 0.2, 0.9], dtype=torch.float64))
    shares = certified_accuracy(found, torch.tensor([3, 0, 1, 0]), [0.0, 0.2, 0.3, 0.5, 0.6])
    assert [(share.count, share.n) for share in shares] == [(2, 4), (2, 4), (1, 4), (1, 4), (0, 4)]
    with pytest.raises(ValueError, match="4 certificates but 3 labels"):
        certified_accuracy(found, torch.tensor([3, 0, 1]), [0.0])


# --- drawing ----------------------------------------------------------------------------------------------------------


class Records(nn.Module):
    """Remembers what it was shown."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.seen, self.modes, self.dtypes = [], [], []
        self.layer = nn.Linear(4, 2)

    def forward(self, images):
        self.seen.append(images)
        self.modes.append(self.training)
        logits = self.layer(images.flatten(1))
        self.dtypes.append(logits.dtype)
        return logits


def test_the_noise_has_its_size_is_not_clipped_and_the_draws_are_as_many():
    model, images = Records().train(), torch.rand(2, 1, 2, 2, generator=coins())
    state = torch.get_rng_state()
    certify(model, images, sigma=0.7, n0=30, n=2 * CHUNK + 1, generator=coins())
    assert [len(seen) for seen in model.seen] == [30, CHUNK, CHUNK, 1] * 2
    for number, image in enumerate(images):
        noise = torch.cat(model.seen[4 * number : 4 * number + 4]) - image
        assert abs(noise.std().item() / 0.7 - 1) < 0.1
        assert abs(noise.mean().item()) < 0.1
        assert len(noise.flatten().unique()) > 0.99 * noise.numel(), "drawn once, used twice"
    assert torch.cat(model.seen).min() < 0
    assert torch.cat(model.seen).max() > 1
    assert not any(model.modes)
    assert model.training
    assert all(parameter.grad is None for parameter in model.parameters())
    assert torch.equal(torch.get_rng_state(), state)


def test_the_generator_decides(trained, digits):
    first, again, other = (
        certify(trained, digits.images[:12], sigma=0.3, n0=10, n=150, generator=coins(seed)) for seed in (1, 1, 2)
    )
    assert torch.equal(first.radii, again.radii)
    assert not torch.equal(first.radii, other.radii)


def test_bfloat16_is_said_and_not_slipped_in():
    images = torch.rand(1, 1, 2, 2)
    for asked, dtype in ((False, torch.float32), (True, torch.bfloat16)):
        model = Records()
        predict(model, images, sigma=0.1, n=10, generator=coins(), bfloat16=asked)
        certify(model, images, sigma=0.1, n=10, generator=coins(), bfloat16=asked)
        assert set(model.dtypes) == {dtype}


def test_progress_is_reported():
    shares = []
    with listening(lambda share, doing: shares.append((share, doing))):
        certify(Records(), torch.rand(4, 1, 2, 2), sigma=0.1, n=1500, generator=coins())
    assert [share for share, _ in shares] == [0.25, 0.5, 0.75, 1.0]
    assert "1,500 draws" in shares[0][1]


# --- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sigma": 0.0}, "sigma must be a finite size"),
        ({"sigma": math.inf}, "sigma must be a finite size"),
        ({"alpha": 0.0}, "alpha is a probability"),
        ({"alpha": 1.0}, "alpha is a probability"),
        ({"n": 0}, "n must be a whole number of at least 1, got 0"),
        ({"n0": 0}, "n0 must be a whole number"),
    ],
)
def test_bad_options(options, message):
    given = {"sigma": 0.5, "generator": coins(), "n": 10, "n0": 10, "alpha": 0.01}
    with pytest.raises(ValueError, match=message):
        certify(Records(), torch.rand(1, 1, 2, 2), **{**given, **options})
    if "n0" not in options:
        del given["n0"]
        with pytest.raises(ValueError, match=message):
            predict(Records(), torch.rand(1, 1, 2, 2), **{**given, **options})


def test_images_that_were_normalised_are_refused():
    with pytest.raises(ValueError, match="already normalised"):
        certify(Records(), torch.rand(1, 1, 2, 2) * 3 - 1, sigma=0.5, generator=coins())
