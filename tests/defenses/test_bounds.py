from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from advlab.attacks import fgsm, pgd, random_noise, square
from advlab.attacks.losses import margin
from advlab.defenses import bounds, certified, worst_margins
from advlab.defenses.intervals import ROUNDING
from advlab.evaluation import worst_case
from advlab.models import Normalize, SimpleCNN
from advlab.models.inference import CHUNK, logits
from tests.defenses.networks import KINDS, TRAINED_FOR, corners, network, outputs, pictures, points

SEEDS = st.integers(0, 10**6)
kinds = pytest.mark.parametrize("kind", KINDS)


def two_layers():
    """h = relu(x1 - 2 x2, x1 + x2 - 1), logits (h1 - h2, h2)."""
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2)).double()
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([[1.0, -2.0], [1.0, 1.0]]))
        model[0].bias.copy_(torch.tensor([0.0, -1.0]))
        model[2].weight.copy_(torch.tensor([[1.0, -1.0], [0.0, 1.0]]))
        model[2].bias.zero_()
    return model


# --- right ------------------------------------------------------------------------------------------------------------


def test_two_layers_by_hand():
    """x in [.4, .8] x [.1, .5]: x1 - 2 x2 in [-.6, .6], x1 + x2 - 1 in [-.5, .3]; so h in [0, .6] x [0, .3]."""
    image = torch.tensor([[0.6, 0.3]], dtype=torch.float64)
    lower, upper = bounds(two_layers(), image, 0.2, outward=False)
    torch.testing.assert_close(lower, torch.tensor([[-0.3, 0.0]], dtype=torch.float64), rtol=0, atol=1e-12)
    torch.testing.assert_close(upper, torch.tensor([[0.6, 0.3]], dtype=torch.float64), rtol=0, atol=1e-12)
    # z1 - z2 = h1 - 2 h2 in [-.6, .6]; by the bounds of the logits it could be -.3 - .3 = -.6, z2 - z1 >= -.6.
    expected = torch.tensor([[0.0, -0.6]], dtype=torch.float64)
    found = worst_margins(two_layers(), image, torch.tensor([0]), 0.2, outward=False)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)
    other = worst_margins(two_layers(), image, torch.tensor([1]), 0.2, outward=False)
    torch.testing.assert_close(other, expected.flip(1), rtol=0, atol=1e-12)


def test_the_box_of_pixels_binds():
    """x in [0, .3] x [.8, 1], not [-.1, .3] x [.8, 1.2]."""
    image = torch.tensor([[0.1, 1.0]], dtype=torch.float64)
    layer = nn.Sequential(nn.Identity(), nn.Linear(2, 2)).double()
    with torch.no_grad():
        layer[1].weight.copy_(torch.eye(2))
        layer[1].bias.zero_()
    lower, upper = bounds(layer, image, 0.2, outward=False)
    torch.testing.assert_close(lower, torch.tensor([[0.0, 0.8]], dtype=torch.float64), rtol=0, atol=1e-12)
    torch.testing.assert_close(upper, torch.tensor([[0.3, 1.0]], dtype=torch.float64), rtol=0, atol=1e-12)


@given(SEEDS, st.floats(0, 1), st.integers(2, 4))
@settings(deadline=None, max_examples=25)
def test_all_corners_of_a_linear_network(seed, epsilon, classes):
    """Convolution, average and linear layer are one linear map: its extremes lie in corners, and all are tried."""
    coins = torch.Generator().manual_seed(seed)
    model = nn.Sequential(
        Normalize(0.2, 0.5), nn.Conv2d(1, 2, 2, padding=1), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(8, classes)
    ).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=coins))
    images = (2 * torch.rand(3, 1, 3, 3, generator=coins, dtype=torch.float64) - 0.5).clamp(0, 1)
    labels = torch.randint(0, classes, (3,), generator=coins)
    reached = outputs(model, corners(images, epsilon))
    # Layer by layer intervals forget what the layers share; a single layer forgets nothing.
    weight = torch.autograd.functional.jacobian(lambda x: model(x).sum(0), images[:1]).view(classes, 9)
    single = nn.Sequential(nn.Flatten(), nn.Linear(9, classes)).double()
    with torch.no_grad():
        single[1].weight.copy_(weight)
        single[1].bias.copy_(model(torch.zeros(1, 1, 3, 3, dtype=torch.float64))[0])
    lower, upper = bounds(single, images, epsilon, outward=False)
    torch.testing.assert_close(lower, reached.amin(0), rtol=0, atol=1e-11)
    torch.testing.assert_close(upper, reached.amax(0), rtol=0, atol=1e-11)
    leads = reached.gather(2, labels.view(1, 3, 1).expand(len(reached), 3, 1)) - reached
    torch.testing.assert_close(
        worst_margins(single, images, labels, epsilon, outward=False), leads.amin(0), rtol=0, atol=1e-11
    )
    lower, upper = bounds(model, images, epsilon, outward=False)
    assert (lower <= reached.amin(0) + 1e-11).all()
    assert (upper >= reached.amax(0) - 1e-11).all()


@kinds
def test_epsilon_zero_is_the_network(kind):
    model, (images, labels) = network(kind), pictures()
    clean = model(images)
    for end in bounds(model, images, 0.0, outward=False):
        torch.testing.assert_close(end, clean, rtol=0, atol=1e-12)
    leads = clean.gather(1, labels[:, None]) - clean
    found = worst_margins(model, images, labels, 0.0, outward=False)
    torch.testing.assert_close(found, leads, rtol=0, atol=1e-12)
    lower, upper = bounds(model, images, 0.0)
    assert ((lower < clean) & (clean < upper)).all()
    torch.testing.assert_close(lower, upper, rtol=0, atol=1e-3)


def test_batch_normalisation_is_the_convolution_that_it_folds_into():
    model, (images, _) = network("strided"), pictures(low=-0.5, high=1.5)
    folded = nn.Sequential(model[0], fuse_conv_bn_eval(model[1], model[2]), *model[3:])
    with torch.no_grad():
        for ours, theirs in zip(
            bounds(model, images, 0.1, outward=False), bounds(folded, images, 0.1, outward=False), strict=True
        ):
            # Through two layers, convolution and normalisation, intervals are the same: each number has one factor.
            torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-11)


def test_simple_cnn_with_pooling_before_relu_has_the_same_bounds(network, digits):
    """Both rise with their input: their order is all one."""
    layers = list(network.eval().children())
    layers[2], layers[3], layers[5], layers[6] = layers[3], layers[2], layers[6], layers[5]
    ours = bounds(network, digits.images, 0.05, outward=False)
    theirs = bounds(nn.Sequential(*layers), digits.images, 0.05, outward=False)
    for one, other in zip(ours, theirs, strict=True):
        assert torch.equal(one, other)


# --- sound ------------------------------------------------------------------------------------------------------------


@kinds
@given(SEEDS, st.floats(0, 1), st.sampled_from([torch.float32, torch.float64]))
@settings(deadline=None, max_examples=25)
def test_no_point_of_the_ball_leaves_the_bounds(kind, seed, epsilon, dtype):
    model, (images, labels) = network(kind, seed, dtype), pictures(3, seed, dtype, -0.3, 1.3)
    with torch.no_grad():
        lower, upper = bounds(model, images, epsilon)
        margins = worst_margins(model, images, labels, epsilon)
    attacked = pgd(model, images, labels, epsilon, generator=torch.Generator().manual_seed(seed), steps=5, loss=margin)
    for reached in outputs(model, torch.cat([points(images, epsilon, 60, seed), attacked[None]])):
        assert ((lower <= reached) & (reached <= upper)).all()
        assert (reached.gather(1, labels[:, None]) - reached >= margins).all()


@kinds
@given(SEEDS, st.floats(0, 1), st.floats(0, 1))
@settings(deadline=None, max_examples=20)
def test_a_larger_ball_has_wider_bounds(kind, seed, one, other):
    model, (images, labels) = network(kind, seed), pictures(3, seed, low=-0.3, high=1.3)
    small, large = sorted([one, other])
    with torch.no_grad():
        (lower, upper), (lowest, uppermost) = bounds(model, images, small), bounds(model, images, large)
        margins, least = (worst_margins(model, images, labels, epsilon) for epsilon in (small, large))
    assert (lowest <= lower + 1e-12).all()
    assert (uppermost >= upper - 1e-12).all()
    assert (least <= margins + 1e-12).all()
    assert (certified(model, images, labels, small) | ~certified(model, images, labels, large)).all()


@kinds
@given(SEEDS, st.floats(0, 0.3))
@settings(deadline=None, max_examples=20)
def test_margins_are_at_least_the_difference_of_the_bounds(kind, seed, epsilon):
    model, (images, labels) = network(kind, seed), pictures(3, seed)
    with torch.no_grad():
        lower, upper = bounds(model, images, epsilon, outward=False)
        margins = worst_margins(model, images, labels, epsilon, outward=False)
    apart = (lower.gather(1, labels[:, None]) - upper).scatter(1, labels[:, None], 0.0)
    assert (margins >= apart - 1e-12).all()


def test_the_last_layer_is_merged_with_the_difference():
    """Both logits rise with what enters; their difference does not."""
    model = nn.Sequential(nn.Identity(), nn.Linear(1, 2)).double()
    with torch.no_grad():
        model[1].weight.copy_(torch.tensor([[3.0], [2.0]]))
        model[1].bias.copy_(torch.tensor([0.5, 0.0]))
    image, label = torch.tensor([[0.5]], dtype=torch.float64), torch.tensor([0])
    lower, upper = bounds(model, image, 0.5, outward=False)
    assert (lower[0, 0] - upper[0, 1]).item() == -1.5
    assert worst_margins(model, image, label, 0.5, outward=False)[0, 1].item() == 0.5


@pytest.mark.parametrize("epsilon", [0.0, 1e-4, 0.1])
def test_float32_outward_holds_the_bounds_in_float64(epsilon, trained, digits):
    """What exact arithmetic would say lies within; and close by."""
    model = SimpleCNN().eval()
    model.load_state_dict(trained.state_dict())
    with torch.no_grad():
        ours = bounds(model, digits.images, epsilon)
        margins = worst_margins(model, digits.images, digits.labels, epsilon)
        exact = bounds(model.double(), digits.images.double(), epsilon, outward=False)
        leads = worst_margins(model, digits.images.double(), digits.labels, epsilon, outward=False)
    assert (ours[0].double() < exact[0]).all()
    assert (ours[1].double() > exact[1]).all()
    assert (margins.double() <= leads).all()
    for one, other in zip((*ours, margins), (*exact, leads), strict=True):
        # What is allowed for rounding is some thousandths of the largest bound.
        assert (one.double() - other).abs().max() <= 0.005 * other.abs().max()


def test_rounding_is_no_idle_fear(digits):
    """At a tiny radius float32 logits do leave intervals that were computed in float32 as if it were exact."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = nn.Sequential(nn.Flatten(), nn.Linear(784, 300), nn.ReLU(), nn.Linear(300, 10)).eval()
    epsilon, left = 1e-10, []
    tried = (digits.images + epsilon * torch.randn(digits.images.shape).sign()).clamp(0, 1)
    reached = torch.cat([logits(model, image[None]) for image in tried])
    with torch.no_grad():
        for outward in (False, True):
            lower, upper = bounds(model, digits.images, epsilon, outward=outward)
            left.append(int(((reached < lower) | (reached > upper)).sum()))
    assert left[0] > 0
    assert left[1] == 0


@pytest.mark.parametrize("kind", [*KINDS, "one layer"])
@pytest.mark.parametrize("seed", range(5))
def test_large_biases_whose_rounding_is_wider_than_the_ball(kind, seed):
    """Float32 keeps two or three digits after the point of what then decides; layer by layer and in the margins."""
    images, labels = pictures(3, seed, torch.float32)
    epsilon = 1e-3 if kind == "one layer" else 0.0  # at which its logits go from one float to the next
    if kind == "one layer":  # whose only allowance, beside the ball's, is that of the margins
        model = nn.Sequential(*network("dense", seed, torch.float32)[1:2], nn.Linear(36, 3)).eval()
    else:
        model = network(kind, seed, torch.float32)
    coins = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for layer in model:
            if getattr(layer, "bias", None) is not None:
                layer.bias.copy_(1e5 * torch.rand(layer.bias.shape, generator=coins))
        lower, upper = bounds(model, images, epsilon)
        margins = worst_margins(model, images, labels, epsilon)
    tried = points(images, max(epsilon, 1e-6), 10, seed)
    alone = torch.stack([torch.cat([logits(model, image[None]) for image in batch]) for batch in tried])
    for reached in (*alone, *outputs(model, tried)):
        assert ((lower <= reached) & (reached <= upper)).all()
        assert (reached.gather(1, labels[:, None]) - reached >= margins).all()


def test_an_image_that_a_check_of_the_ball_forgives_is_covered():
    """A margin that falls by one for each unit: 1e-6 outside of the ball it is smaller than anywhere inside."""
    model = nn.Sequential(nn.Identity(), nn.Linear(1, 2)).double()
    with torch.no_grad():
        model[1].weight.copy_(torch.tensor([[-1.0], [0.0]]))
        model[1].bias.zero_()
    image, label = torch.tensor([[0.3]], dtype=torch.float64), torch.tensor([0])
    found = worst_margins(model, image, label, 0.2)[0, 1]
    assert -0.5 - 1.1 * ROUNDING < found <= -0.5 - ROUNDING


# --- certified --------------------------------------------------------------------------------------------------------


def test_what_is_certified_no_attack_breaks(guarded, digits):
    """Everything at hand against a network of which much is proved; and the proofs are not won by proving nothing."""
    images, labels = digits.images, digits.labels
    coins = torch.Generator().manual_seed(0)
    attacks = {
        "noise": partial(random_noise, epsilon=TRAINED_FOR, generator=coins),
        "FGSM": partial(fgsm, epsilon=TRAINED_FOR),
        "PGD": partial(pgd, epsilon=TRAINED_FOR, generator=coins, restarts=3, loss=margin),
        "Square": partial(square, epsilon=TRAINED_FOR, generator=coins, queries=300),
    }
    left = worst_case(guarded, images, labels, attacks)
    proved = certified(guarded, images, labels, TRAINED_FOR)
    assert (left.right | ~proved).all()
    assert 0.3 < proved.float().mean() < left.right.float().mean() < left.clean.float().mean()


def test_certified_is_every_margin_above_zero(guarded, digits):
    for epsilon in (0.0, 0.05, 0.2):
        margins = worst_margins(guarded, digits.images, digits.labels, epsilon)
        others = torch.ones_like(margins, dtype=torch.bool).scatter(1, digits.labels[:, None], False)
        expected = torch.tensor([bool((row[keep] > 0).all()) for row, keep in zip(margins, others, strict=True)])
        assert torch.equal(certified(guarded, digits.images, digits.labels, epsilon), expected)
    right = logits(guarded, digits.images).argmax(1) == digits.labels
    assert torch.equal(certified(guarded, digits.images, digits.labels, 0.0), right)


def test_a_tie_proves_nothing():
    """argmax would name the first of two equal logits."""
    model = nn.Sequential(nn.Identity(), nn.Linear(1, 2, bias=False)).double()
    with torch.no_grad():
        model[1].weight.fill_(1.0)
    assert not certified(model, torch.rand(3, 1).double(), torch.zeros(3, dtype=torch.long), 0.0).any()


def test_weights_that_are_no_numbers_prove_nothing():
    for value in (torch.nan, torch.inf):
        model, (images, labels) = network("dense"), pictures()
        with torch.no_grad():
            model[2].weight[0, 0] = value
        assert not certified(model, images, labels, 0.1).any()


def test_chunks_change_nothing(guarded):
    coins = torch.Generator().manual_seed(0)
    images = torch.rand(CHUNK + 7, 1, 28, 28, generator=coins)
    labels = logits(guarded, images).argmax(1)
    alone = torch.cat([certified(guarded, *one, 0.01) for one in zip(images.split(9), labels.split(9), strict=True)])
    assert torch.equal(certified(guarded, images, labels, 0.01), alone)


# --- the caller's things ----------------------------------------------------------------------------------------------


def test_flags_and_tensors_stay_and_training_mode_does_not_matter():
    model, (images, labels) = network("strided"), pictures()
    expected, before = bounds(model, images, 0.1), {name: of.clone() for name, of in model.state_dict().items()}
    model.train()
    for ours, theirs in zip(bounds(model, images, 0.1), expected, strict=True):
        assert torch.equal(ours, theirs)
    assert not certified(model, images, labels, 0.1).requires_grad
    assert all(module.training for module in model.modules())
    assert all(torch.equal(of, before[name]) for name, of in model.state_dict().items())
    assert torch.equal(images, pictures()[0])


@kinds
def test_gradients_are_those_of_finite_differences(kind):
    model, (images, labels) = network(kind, 3), pictures(2, 3)
    weight = next(layer.weight for layer in model if isinstance(layer, nn.Linear | nn.Conv2d))

    def margins(values):
        with torch.no_grad():
            weight.copy_(values)
        return worst_margins(model, images, labels, 0.05, outward=False)

    kept = weight.detach().clone()
    cotangent = torch.randn(2, 3, generator=torch.Generator().manual_seed(0)).double()
    (found,) = torch.autograd.grad((margins(kept) * cotangent).sum(), weight)
    for place in range(0, kept.numel(), max(kept.numel() // 7, 1)):
        step = torch.zeros_like(kept)
        step.view(-1)[place] = 1e-6
        with torch.no_grad():
            slope = ((margins(kept + step) - margins(kept - step)) * cotangent).sum() / 2e-6
        torch.testing.assert_close(found.view(-1)[place], slope, rtol=1e-6, atol=1e-7)


# --- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"epsilon": 8.0}, ValueError, r"8/255\?"),
        ({"epsilon": -0.1}, ValueError, r"epsilon must be a finite number in \[0, 1\]"),
        ({"epsilon": float("nan")}, ValueError, "got nan"),
        ({"epsilon": True}, TypeError, "epsilon must be a float"),
        ({"images": torch.rand(2, 1, 6, 6)}, TypeError, "images are torch.float32"),
        ({"images": torch.rand(2, 1, 6, 6).double() * 3}, ValueError, "already normalised"),
        ({"images": torch.full((2, 1, 6, 6), torch.nan).double()}, ValueError, "NaN or infinity"),
        ({"labels": torch.tensor([0, 3])}, ValueError, r"labels must lie in 0..2"),
    ],
)
def test_bad_input(change, error, message):
    images, labels = pictures(2)
    given = {"images": images, "labels": labels, "epsilon": 0.1, **change}
    for function in (certified, worst_margins):
        with pytest.raises(error, match=message):
            function(network("dense"), **given)
    if "labels" not in change:
        del given["labels"]
        with pytest.raises(error, match=message):
            bounds(network("dense"), **given)
