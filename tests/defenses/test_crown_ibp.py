import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from advlab.defenses import crown_margins, worst_margins
from advlab.models import Contrast
from tests.defenses.networks import LINEAR_ONLY, corners, network, outputs, pictures, points

SEEDS = st.integers(0, 10**6)
kinds = pytest.mark.parametrize("kind", LINEAR_ONLY)


def test_two_layers_by_hand():
    """h = relu(x1 - 2 x2, x1 + x2 - 1), logits (h1 - h2, h2), x in [.4, .8] x [0, .4].

    What enters ReLU lies in [-.4, .8] and [-.6, .2]. z1 - z2 = h1 - 2 h2 with h1 >= x1 - 2 x2 (on the whole on) and
    h2 <= (x1 + x2 - 1 + .6) / 4 (the chord): at least .5 x1 - 2.5 x2 + .2, in the ball at least -.6.
    z2 - z1 = 2 h2 - h1 with h2 >= 0 (on the whole off) and h1 <= 2 (x1 - 2 x2 + .4) / 3: at least -.8.
    """
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2)).double()
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([[1.0, -2.0], [1.0, 1.0]]))
        model[0].bias.copy_(torch.tensor([0.0, -1.0]))
        model[2].weight.copy_(torch.tensor([[1.0, -1.0], [0.0, 1.0]]))
        model[2].bias.zero_()
    images = torch.tensor([[0.6, 0.2], [0.6, 0.2]], dtype=torch.float64)
    found = crown_margins(model, images, torch.tensor([0, 1]), 0.2)
    expected = torch.tensor([[0.0, -0.6], [-0.8, 0.0]], dtype=torch.float64)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)
    # Intervals: h in [0, .8] x [0, .2], so z1 - z2 >= -.4. A mixture lies between.
    mixed = crown_margins(model, images, torch.tensor([0, 1]), 0.2, beta=0.25)
    torch.testing.assert_close(mixed[0, 1].item(), 0.75 * -0.4 + 0.25 * -0.6, rtol=0, atol=1e-12)


@kinds
@given(SEEDS)
@settings(deadline=None, max_examples=25)
def test_where_no_relu_turns_the_bound_is_exact(kind, seed):
    """In a tiny ball the network is linear: the least margin is the margin minus epsilon times the gradient's L1 norm.

    The gradient is autograd's, so every layer's way back is compared with torch's own.
    """
    model, (images, labels) = network(kind, seed), pictures(3, seed, low=0.1, high=0.9)
    epsilon = 1e-7
    images.requires_grad_()
    outputs = model(images)
    leads = outputs.gather(1, labels[:, None]) - outputs
    for number in range(3):
        (gradient,) = torch.autograd.grad(leads[:, number].sum(), images, retain_graph=True)
        expected = leads[:, number] - epsilon * gradient.abs().flatten(1).sum(1)
        found = crown_margins(model, images.detach(), labels, epsilon)[:, number]
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)


@given(SEEDS, st.floats(0, 1))
@settings(deadline=None, max_examples=40)
def test_one_hidden_layer_neuron_by_neuron(seed, epsilon):
    """The paper's bound in numpy, a neuron at a time; what enters them is exact for one layer."""
    model, (images, labels) = network("dense", seed), pictures(2, seed, low=-0.3, high=1.3)
    shallow = nn.Sequential(nn.Flatten(), model[2], nn.ReLU(), model[-1])
    found = crown_margins(shallow, images, labels, epsilon).detach()
    w, b, v, c = (of.detach().numpy() for of in (model[2].weight, model[2].bias, model[-1].weight, model[-1].bias))
    for image, label, row in zip(images.flatten(1).numpy(), labels.tolist(), found, strict=True):
        low, high = np.clip(image - epsilon, 0, 1), np.clip(image + epsilon, 0, 1)
        for other in range(3):
            slope, least = np.zeros(36), c[label] - c[other]
            for neuron in range(8):
                down = np.where(w[neuron] > 0, low, high) @ w[neuron] + b[neuron]
                up = np.where(w[neuron] > 0, high, low) @ w[neuron] + b[neuron]
                factor = v[label, neuron] - v[other, neuron]
                if down >= 0:
                    line = (1.0, 0.0)
                elif up <= 0:
                    line = (0.0, 0.0)
                elif factor < 0:
                    line = (up / (up - down), -up * down / (up - down))
                else:
                    line = (1.0 if up > -down else 0.0, 0.0)
                slope += factor * line[0] * w[neuron]
                least += factor * (line[0] * b[neuron] + line[1])
            least += np.where(slope > 0, low, high) @ slope
            assert abs(least - row[other].item()) < 1e-10


@given(SEEDS, st.floats(0, 1), st.integers(2, 4))
@settings(deadline=None, max_examples=30)
def test_all_corners_of_a_linear_network(seed, epsilon, classes):
    """However many layers: going backward they become one, unlike intervals."""
    coins = torch.Generator().manual_seed(seed)
    model = nn.Sequential(
        nn.Conv2d(1, 2, 2, padding=1), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(8, 5), nn.Linear(5, classes)
    ).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=coins))
    images = (2 * torch.rand(3, 1, 3, 3, generator=coins, dtype=torch.float64) - 0.5).clamp(0, 1)
    labels = torch.randint(0, classes, (3,), generator=coins)
    reached = outputs(model, corners(images, epsilon))
    leads = reached.gather(2, labels.view(1, 3, 1).expand(len(reached), 3, 1)) - reached
    found = crown_margins(model, images, labels, epsilon)
    torch.testing.assert_close(found, leads.amin(0), rtol=0, atol=1e-10)


@kinds
@given(SEEDS, st.floats(0, 1), st.floats(0, 1))
@settings(deadline=None, max_examples=30)
def test_no_point_of_the_ball_has_a_smaller_margin(kind, seed, epsilon, beta):
    model, (images, labels) = network(kind, seed), pictures(3, seed, low=-0.3, high=1.3)
    least = crown_margins(model, images, labels, epsilon, beta=beta).detach()
    for reached in outputs(model, points(images, epsilon, 100, seed)):
        assert (reached.gather(1, labels[:, None]) - reached >= least - 1e-10).all()


@kinds
def test_beta_mixes_the_two_bounds(kind):
    model, (images, labels) = network(kind, 3), pictures()
    alone = worst_margins(model, images, labels, 0.1, outward=False)
    whole = crown_margins(model, images, labels, 0.1)
    assert not torch.allclose(alone, whole, rtol=0, atol=1e-3)
    assert torch.equal(crown_margins(model, images, labels, 0.1, beta=0.0), alone)
    half = crown_margins(model, images, labels, 0.1, beta=0.5)
    torch.testing.assert_close(half, (alone + whole) / 2, rtol=0, atol=1e-12)


def test_tighter_than_intervals_for_a_network_trained_as_usual(trained, digits):
    """Its pooling is left out: what matters are the weights."""
    trained = copy.deepcopy(trained)
    body = [trained.normalize, trained.conv1, trained.relu1, trained.flatten]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = nn.Sequential(*body, nn.Linear(32 * 784, 10)).eval()
    images, labels = digits.images[:20], digits.labels[:20]
    with torch.no_grad():
        ours = crown_margins(model, images, labels, 0.02)
        intervals = worst_margins(model, images, labels, 0.02, outward=False)
    others = torch.arange(10) != labels[:, None]
    assert (ours > intervals)[others].all()
    # float32 is no further from float64 than rounding takes it.
    exact = crown_margins(model.double(), images.double(), labels, 0.02).detach()
    torch.testing.assert_close(ours.double(), exact, rtol=1e-4, atol=1e-4)


@kinds
def test_gradients_are_those_of_finite_differences(kind):
    model, (images, labels) = network(kind, 3), pictures(2, 3)
    weight = next(layer.weight for layer in model if isinstance(layer, nn.Linear | nn.Conv2d))

    def margins(values):
        with torch.no_grad():
            weight.copy_(values)
        return crown_margins(model, images, labels, 0.05, beta=0.7)

    kept = weight.detach().clone()
    cotangent = torch.randn(2, 3, generator=torch.Generator().manual_seed(0)).double()
    (found,) = torch.autograd.grad((margins(kept) * cotangent).sum(), weight)
    for place in range(0, kept.numel(), max(kept.numel() // 7, 1)):
        step = torch.zeros_like(kept)
        step.view(-1)[place] = 1e-6
        with torch.no_grad():
            slope = ((margins(kept + step) - margins(kept - step)) * cotangent).sum() / 2e-6
        torch.testing.assert_close(found.view(-1)[place], slope, rtol=1e-6, atol=1e-7)


def test_bad_input():
    model, (images, labels) = network("dense"), pictures(2)
    for beta in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match=r"beta must lie in \[0, 1\]"):
            crown_margins(model, images, labels, 0.1, beta=beta)
    with pytest.raises(ValueError, match=r"8/255\?"):
        crown_margins(model, images, labels, 8.0)
    with pytest.raises(ValueError, match=r"labels must lie in 0..2"):
        crown_margins(model, images, labels + 3, 0.1)
    with pytest.raises(ValueError, match="let convolutions stride"):
        crown_margins(nn.Sequential(nn.MaxPool2d(2), nn.Flatten(), nn.Linear(9, 3)).double(), images, labels, 0.1)
    behind = nn.Sequential(nn.Flatten(), nn.Linear(36, 4), Contrast(0.2, 0.8), nn.Linear(4, 3)).double()
    with pytest.raises(ValueError, match="put it in front"):
        crown_margins(behind, images, labels, 0.1)
    with pytest.raises(ValueError, match="in numbers, not as 'same'"):
        crown_margins(
            network("pooled")[1:3].append(nn.Flatten()).append(nn.Linear(144, 3).double()), images, labels, 0.1
        )
