import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from advlab.attacks import bim, fgsm, pgd
from advlab.attacks.ball import lengths
from advlab.attacks.losses import cross_entropy, dlr, margin
from advlab.evaluation import predict
from advlab.models.inference import CHUNK

both_norms = pytest.mark.parametrize("norm", ["Linf", "L2"])
SEEDS = st.integers(0, 10**6)


def coins(seed=0):
    return torch.Generator().manual_seed(seed)


def smooth(seed=0, classes=10, pixels=16):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(nn.Flatten(), nn.Linear(pixels, 12), nn.Tanh(), nn.Linear(12, classes)).double()


def pictures(seed=0, n=5, pixels=16, classes=10):
    images = (torch.rand(n, 1, pixels, generator=coins(seed), dtype=torch.float64) * 2 - 0.5).clamp(0, 1)
    return images, torch.randint(0, classes, (n,), generator=coins(seed))


# --- ball, domain, the caller's things --------------------------------------------------------------------------------


@given(
    SEEDS,
    st.floats(0, 1),
    st.sampled_from(["Linf", "L2"]),
    st.sampled_from([cross_entropy, margin, dlr]),
    st.booleans(),
)
@settings(deadline=None, max_examples=60)
def test_within_ball_and_box(seed, epsilon, norm, loss, targeted):
    model, (images, labels) = smooth(seed), pictures(seed)
    targets = (labels + 1) % 10 if targeted else None
    options = {"norm": norm, "loss": loss, "targets": targets, "steps": 3}
    many = pgd(model, images, labels, epsilon, generator=coins(seed), restarts=2, step_size=0.4, **options)
    for attacked in (
        many,
        pgd(model, images, labels, epsilon, generator=coins(), **options),
        bim(model, images, labels, epsilon, **options),
    ):
        assert (lengths(attacked - images, norm) <= epsilon + 1e-12).all()
        assert 0 <= attacked.min() <= attacked.max() <= 1
        assert not attacked.requires_grad


@both_norms
def test_float32_stays_within_a_rounding(norm, network, digits):
    """In units of a pixel and of the length: what whoever checks the result allows."""
    attacked = pgd(network, digits.images, digits.labels, 0.3, generator=coins(), norm=norm, steps=5)
    assert (lengths(attacked - digits.images, norm) <= 0.3 + 1e-6).all()
    assert 0 <= attacked.min() <= attacked.max() <= 1


@both_norms
def test_epsilon_zero_gives_a_new_equal_tensor(norm, network, digits):
    for attacked in (
        pgd(network, digits.images, digits.labels, 0.0, generator=coins(), norm=norm, steps=2, restarts=2),
        pgd(network, digits.images, digits.labels, 0.0, generator=coins(), norm=norm, steps=2, step_size=0.1),
        bim(network, digits.images, digits.labels, 0.0, norm=norm, steps=2),
    ):
        assert torch.equal(attacked, digits.images)
        assert attacked is not digits.images
        assert attacked.data_ptr() != digits.images.data_ptr()


def test_the_caller_finds_everything_as_it_was(network, digits):
    """torchattacks calls `model.train()` on its way out, so what its owner froze is frozen no more."""
    network.train()
    network.dropout.eval()
    modes = {name: module.training for name, module in network.named_modules()}
    images, labels = digits.images.clone(), digits.labels.clone()
    network.fc2.bias.grad = torch.full((10,), 7.0)
    state = torch.get_rng_state()
    attacked = pgd(network, images, labels, 0.1, generator=coins(), steps=3, restarts=2)
    assert {name: module.training for name, module in network.named_modules()} == modes
    assert torch.equal(images, digits.images)
    assert torch.equal(labels, digits.labels)
    assert not images.requires_grad
    assert images.grad is None
    assert not attacked.requires_grad
    assert torch.equal(network.fc2.bias.grad, torch.full((10,), 7.0))
    assert all(p.grad is None for name, p in network.named_parameters() if name != "fc2.bias")
    assert torch.equal(torch.get_rng_state(), state)


@both_norms
def test_the_generator_decides(norm, network, digits):
    def attacked(seed):
        return pgd(network, digits.images, digits.labels, 0.1, generator=coins(seed), norm=norm, steps=2, restarts=2)

    assert torch.equal(attacked(1), attacked(1))
    assert not torch.equal(attacked(1), attacked(2))


# --- strength ---------------------------------------------------------------------------------------------------------


@given(SEEDS, st.floats(0, 1), st.booleans())
@settings(deadline=None, max_examples=40)
def test_the_exact_worst_case_of_a_linear_model_in_l_infinity(seed, epsilon, targeted):
    """Two classes: no corner of ball and box has a smaller margin; they are all tried. From any start."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(6, 2)).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=coins(seed)))
    images, labels = pictures(seed, 4, 6, 2)
    targets = 1 - labels if targeted else None

    def lead(points):
        return margin(model(points), labels)

    low, high = (images - epsilon).clamp(0, 1), (images + epsilon).clamp(0, 1)
    sides = (torch.tensor(side, dtype=torch.bool) for side in itertools.product((0, 1), repeat=6))
    worst = torch.stack([lead(torch.where(side, high, low)) for side in sides]).amax(0)
    attacked = pgd(model, images, labels, epsilon, generator=coins(seed), steps=5, targets=targets, loss=margin)
    torch.testing.assert_close(lead(attacked), worst, rtol=0, atol=1e-12)


@given(SEEDS, st.floats(0.01, 0.25), st.sampled_from([cross_entropy, margin]))
@settings(deadline=None, max_examples=30)
def test_the_exact_worst_case_of_a_linear_model_in_l2(seed, epsilon, loss):
    """Where the box does not bind, the margin falls by epsilon times the L2 norm of the weights' difference."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(6, 2)).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=coins(seed)))
    images, labels = pictures(seed, 4, 6, 2)
    images = 0.25 + images / 2
    weights = model[1].weight[0] - model[1].weight[1]
    worst = margin(model(images), labels) + epsilon * weights.norm()
    attacked = pgd(model, images, labels, epsilon, generator=coins(seed), norm="L2", step_size=epsilon, loss=loss)
    # From a random start the steps approach the far point of the sphere: each halves what is missing, at least.
    reached = margin(model(attacked), labels)
    torch.testing.assert_close(reached, worst, rtol=1e-4, atol=1e-4)
    assert (reached <= worst + 1e-12).all()
    straight = bim(model, images, labels, epsilon, norm="L2", steps=5, loss=loss)
    torch.testing.assert_close(margin(model(straight), labels), worst, rtol=0, atol=1e-12)


@pytest.mark.parametrize("targeted", [False, True])
def test_one_step_of_full_size_is_fgsm(targeted, network, digits):
    targets = (digits.labels + 1) % 10 if targeted else None
    expected = fgsm(network, digits.images, digits.labels, 0.1, targets=targets)
    options = {"steps": 1, "step_size": 0.1, "targets": targets}
    alone = pgd(network, digits.images, digits.labels, 0.1, generator=coins(), random_start=False, **options)
    assert torch.equal(alone, expected)
    assert torch.equal(bim(network, digits.images, digits.labels, 0.1, **options), expected)


@both_norms
def test_without_random_start_it_is_bim(norm, network, digits):
    options = {"norm": norm, "steps": 4, "step_size": 0.04}
    ours = pgd(network, digits.images, digits.labels, 0.1, generator=coins(), random_start=False, **options)
    assert torch.equal(ours, bim(network, digits.images, digits.labels, 0.1, **options))


@both_norms
def test_step_size_none_is_two_and_a_half_radii_in_all(norm, network, digits):
    options = {"norm": norm, "steps": 5}
    expected = bim(network, digits.images, digits.labels, 0.1, step_size=2.5 * 0.1 / 5, **options)
    assert torch.equal(bim(network, digits.images, digits.labels, 0.1, **options), expected)
    ours = pgd(network, digits.images, digits.labels, 0.1, generator=coins(), random_start=False, **options)
    assert torch.equal(ours, expected)


def test_the_last_step_counts(network, digits):
    """adv-lib's `pgd_linf` threw it away: one step changed nothing."""
    network = network.eval()
    one, two = (bim(network, digits.images, digits.labels, 0.1, steps=n, step_size=0.02) for n in (1, 2))
    again = bim(network, one, digits.labels, 0.02, steps=1, step_size=0.02)
    torch.testing.assert_close(again, two, rtol=0, atol=1e-6)


def test_one_restart_returns_the_last_point(network, digits):
    """Also where the image was right there: nothing is chosen, nothing comes back clean."""
    start = coins(3)
    attacked = pgd(network, digits.images[:50], digits.labels[:50], 0.1, generator=start, steps=1, step_size=1e-9)
    assert (lengths(attacked - digits.images[:50], "Linf") > 0.05).all(), "the random start alone"


def test_a_restart_never_mends_an_image(trained, digits):
    """With the same first starts, each image broken by fewer restarts is broken by more; ART scored whole batches."""
    images, labels = digits.images[:CHUNK], digits.labels[:CHUNK]
    options = {"steps": 2, "step_size": 0.02}
    broken, losses = [], []
    for restarts in (2, 3, 5, 8):
        attacked = pgd(trained, images, labels, 0.3, generator=coins(5), restarts=restarts, **options)
        broken.append(predict(trained, attacked) != labels)
        losses.append(cross_entropy(trained(attacked), labels).detach())
    for fewer, more in itertools.pairwise(broken):
        assert (more | ~fewer).all()
    assert broken[-1].sum() > broken[0].sum(), "restarts were of no use: nothing was tested"
    for (fewer, more), right in zip(itertools.pairwise(losses), broken[1:], strict=True):
        assert (more >= fewer - 1e-6)[~right].all()


def test_restarts_are_chosen_image_by_image(trained, digits):
    """What each restart finds is replayed one by one: first the broken, else the highest loss."""
    images, labels = digits.images[:CHUNK], digits.labels[:CHUNK]
    options = {"steps": 2, "step_size": 0.02}
    for loss in (cross_entropy, margin):
        replayed = coins(5)
        found = [pgd(trained, images, labels, 0.08, generator=replayed, loss=loss, **options) for _ in range(3)]
        chosen = pgd(trained, images, labels, 0.08, generator=coins(5), restarts=3, loss=loss, **options)
        for number, label in enumerate(labels):
            rows = [points[number] for points in found]
            logits = trained(torch.stack(rows))
            right = (logits.argmax(1) == label).tolist()
            values = loss(logits, label.expand(3)).tolist()
            pick = right.index(False) if False in right else values.index(max(values))
            assert torch.equal(chosen[number], rows[pick]), (number, right, values)
        assert len({tuple(lengths(chosen - points, "Linf") == 0) for points in found}) == 3


def test_broken_comes_before_a_higher_loss():
    """Towards a target the loss can be higher on an image not yet answered as the target."""

    class Two(nn.Module):
        """Class 1 leads on the right; on the left class 2 leads, where class 1 has the better odds nevertheless."""

        def forward(self, images):
            x = images.flatten(1).sum(1)
            right = torch.stack([torch.zeros_like(x), 0.1 + x * 0, x * 0, x * 0 + 0.05], 1)
            left = torch.stack([x * 0 - 9, 3 + x * 0, 3.5 + x * 0, x * 0 - 9], 1)
            return torch.where((x > 0.5)[:, None], right, left)

    labels, targets = torch.tensor([0]), torch.tensor([1])
    attacked = pgd(
        Two(),
        torch.tensor([[0.5]]),
        labels,
        0.4,
        generator=coins(),
        steps=1,
        step_size=1e-6,
        restarts=20,
        targets=targets,
    )
    assert predict(Two(), attacked).tolist() == [1]


def test_more_steps_and_the_order_of_the_ladder(trained, digits):
    """Summed over images: noise, one step, many steps."""

    def loss(images):
        return cross_entropy(trained(images), digits.labels).sum().item()

    many = pgd(trained, digits.images, digits.labels, 0.1, generator=coins(), steps=20)
    few = pgd(trained, digits.images, digits.labels, 0.1, generator=coins(), steps=3)
    assert loss(many) > loss(few) > loss(digits.images)
    assert loss(many) > loss(fgsm(trained, digits.images, digits.labels, 0.1)) > loss(digits.images)


@both_norms
@pytest.mark.parametrize("loss", [cross_entropy, margin, dlr])
def test_targets_are_reached(norm, loss, trained, digits):
    targets = (digits.labels + 1) % 10
    size = 0.5 if norm == "Linf" else 6.0
    options = {"norm": norm, "steps": 20, "loss": loss, "targets": targets}
    attacked = pgd(trained, digits.images, digits.labels, size, generator=coins(), **options)
    logits = trained(attacked).detach()
    # The DLR loss sets the target against the label alone; a third class may lead both.
    rows = torch.arange(len(digits.labels))
    reached = logits[rows, targets] > logits[rows, digits.labels] if loss is dlr else logits.argmax(1) == targets
    assert reached.float().mean() > 0.9


@both_norms
@pytest.mark.parametrize("scale", [1e-20, 1e-44])
def test_faint_gradients_are_followed_as_far(norm, scale):
    """Of length 1 however small (cleverhans), and summed over the batch: a mean of 50 would vanish (foolbox)."""

    class Faint(nn.Module):
        def forward(self, images):
            total = images.flatten(1).sum(1)
            return scale * torch.stack([total, -total], dim=1)

    images, labels = torch.full((50, 1, 4), 0.5), torch.zeros(50, dtype=torch.long)
    attacked = pgd(Faint(), images, labels, 0.2, generator=coins(), norm=norm, steps=20, step_size=0.2)
    torch.testing.assert_close(attacked, images - (0.2 if norm == "Linf" else 0.1), rtol=0, atol=1e-5)


@both_norms
def test_no_gradient_no_nan(norm):
    class Flat(nn.Module):
        def forward(self, images):
            return images.flatten(1)[:, :3] * 0

    images = torch.rand(3, 1, 4)
    labels = torch.zeros(3, dtype=torch.long)
    for loss in (cross_entropy, margin, dlr):
        assert torch.equal(bim(Flat(), images, labels, 0.5, norm=norm, loss=loss), images)


def test_an_image_does_not_depend_on_its_neighbours():
    model, (images, labels) = smooth(), pictures(n=CHUNK + 7)
    whole = bim(model, images, labels, 0.1, steps=3)
    for size in (13, CHUNK):
        parts = [bim(model, *part, 0.1, steps=3) for part in zip(images.split(size), labels.split(size), strict=True)]
        torch.testing.assert_close(whole, torch.cat(parts), rtol=0, atol=1e-14)


# --- bad input --------------------------------------------------------------------------------------------------------


def test_restarts_need_random_starts(network, digits):
    with pytest.raises(ValueError, match="without random_start"):
        pgd(network, digits.images, digits.labels, 0.1, generator=coins(), random_start=False, restarts=2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, "steps must be a whole number of at least 1"),
        ({"restarts": 1.5}, "restarts must be a whole number"),
        ({"step_size": 0.0}, "step_size must be a finite number above 0"),
        ({"norm": "L1"}, "norm must be 'Linf' or 'L2'"),
    ],
)
def test_bad_options(options, message, network, digits):
    with pytest.raises(ValueError, match=message):
        pgd(network, digits.images, digits.labels, 0.1, generator=coins(), **options)


def test_the_l2_ball_may_be_larger_than_a_pixel_and_the_other_not(network, digits):
    pgd(network, digits.images[:2], digits.labels[:2], 2.0, generator=coins(), norm="L2", steps=1)
    with pytest.raises(ValueError, match=r"2/255\?"):
        pgd(network, digits.images[:2], digits.labels[:2], 2.0, generator=coins(), steps=1)


def test_too_few_classes_for_the_loss():
    images, labels = pictures(classes=2)
    with pytest.raises(ValueError, match="use margin"):
        pgd(smooth(classes=2), images, labels, 0.1, generator=coins(), loss=dlr)
