"""What the decorator owes the caller of any attack; tried on every attack there is."""

import math
from functools import partial

import pytest
import torch
from torch import nn

from advlab.attacks import fgsm, random_noise
from advlab.attacks.attack import attack
from advlab.models import SimpleCNN


def noise(*args, **options):
    return random_noise(*args, generator=torch.Generator().manual_seed(0), **options)


ATTACKS = [pytest.param(fgsm, id="fgsm"), pytest.param(noise, id="noise")]
every_attack = pytest.mark.parametrize("attacking", ATTACKS)


@every_attack
def test_epsilon_zero_gives_a_new_equal_tensor(attacking, network, digits):
    attacked = attacking(network, digits.images, digits.labels, 0.0)
    assert torch.equal(attacked, digits.images)
    assert attacked.data_ptr() != digits.images.data_ptr()


@every_attack
def test_the_caller_finds_everything_as_it_was(attacking, network, digits):
    network.train()
    network.dropout.eval()  # frozen by its owner
    modes = {name: module.training for name, module in network.named_modules()}
    images, labels = digits.images.clone(), digits.labels.clone()
    weights = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    network.fc2.bias.grad = torch.full((10,), 7.0)
    state = torch.get_rng_state()

    attacked = attacking(network, images, labels, 0.1)

    assert {name: module.training for name, module in network.named_modules()} == modes
    assert torch.equal(images, digits.images)
    assert torch.equal(labels, digits.labels)
    assert not images.requires_grad
    assert images.grad is None
    assert not attacked.requires_grad
    assert all(torch.equal(tensor, weights[name]) for name, tensor in network.state_dict().items())
    assert torch.equal(network.fc2.bias.grad, torch.full((10,), 7.0))
    assert all(p.grad is None for name, p in network.named_parameters() if name != "fc2.bias")
    assert all(parameter.requires_grad for parameter in network.parameters())
    assert torch.equal(torch.get_rng_state(), state)


def test_modes_come_back_after_an_error_too(network, digits):
    @attack
    def fails(model, images, labels, epsilon):
        assert not model.training
        raise RuntimeError("in the middle")

    network.train()
    network.dropout.eval()
    with pytest.raises(RuntimeError, match="in the middle"):
        fails(network, digits.images, digits.labels, 0.1)
    assert network.training
    assert network.conv1.training
    assert not network.dropout.training


@every_attack
def test_the_model_is_asked_in_evaluation_mode(attacking, network, digits):
    in_training = attacking(network.train(), digits.images, digits.labels, 0.1)
    assert torch.equal(in_training, attacking(network.eval(), digits.images, digits.labels, 0.1))


def test_running_statistics_stay(digits):
    model = nn.Sequential(nn.BatchNorm2d(1), nn.Flatten(), nn.Linear(784, 10)).train()
    fgsm(model, digits.images, digits.labels, 0.1)
    assert float(model[0].running_mean) == 0
    assert int(model[0].num_batches_tracked) == 0


@every_attack
def test_it_is_deterministic(attacking, network, digits):
    one, other = (attacking(network, digits.images, digits.labels, 0.1) for _ in range(2))
    assert torch.equal(one, other)


@every_attack
@pytest.mark.parametrize("around", [torch.no_grad, torch.inference_mode])
def test_a_caller_without_gradients_gets_the_same(attacking, around, network, digits):
    expected = attacking(network, digits.images, digits.labels, 0.1)
    with around():
        assert torch.equal(attacking(network, digits.images * 1, digits.labels, 0.1), expected)


@every_attack
def test_images_with_a_history_do_not_drag_it_along(attacking, network, digits):
    factor = torch.ones((), requires_grad=True)
    attacked = attacking(network, digits.images * factor, digits.labels, 0.1)
    assert not attacked.requires_grad
    assert factor.grad is None


@every_attack
def test_float64_stays_float64(attacking, digits):
    model = SimpleCNN().double()
    assert attacking(model, digits.images.double(), digits.labels, 0.1).dtype == torch.float64


@every_attack
@pytest.mark.parametrize("dtype", [torch.uint8, torch.int32])
def test_labels_of_any_whole_kind(attacking, network, digits, dtype):
    expected = attacking(network, digits.images, digits.labels, 0.1)
    assert torch.equal(attacking(network, digits.images, digits.labels.to(dtype), 0.1), expected)


@every_attack
def test_whole_numbers_for_epsilon(attacking, network, digits):
    assert torch.equal(attacking(network, digits.images, digits.labels, 0), digits.images)


BAD_EPSILONS = [
    (8.0, ValueError, r"got 8: 8/255\?"),
    (1.0001, ValueError, "in pixel units"),
    (-0.1, ValueError, "finite number in"),
    (math.nan, ValueError, "finite number in"),
    (math.inf, ValueError, "finite number in"),
    ("0.1", TypeError, "got str"),
    (True, TypeError, "got bool"),
    (None, TypeError, "got NoneType"),
    (torch.tensor(0.1), TypeError, "got Tensor"),
]


@every_attack
@pytest.mark.parametrize(("epsilon", "error", "message"), BAD_EPSILONS)
def test_a_bad_epsilon(attacking, epsilon, error, message, digits):
    with pytest.raises(error, match=message):
        attacking(Untouchable(), digits.images, digits.labels, epsilon)


class Untouchable(nn.Module):
    """Fails if it is asked: bad input has to be found before any work."""

    def forward(self, images):
        raise AssertionError("the model was run")


def holding(value):
    def put(images):
        images[1, 0, 3, 3] = value
        return images

    return put


BAD_IMAGES = [
    (lambda images: (images - 0.1307) / 0.3081, ValueError, "already normalised"),
    (lambda images: images * 255, ValueError, r"must lie in \[0, 1\], got \[0, 255\]"),
    (lambda images: (images * 255).byte(), TypeError, "divide by 255"),
    (holding(math.nan), ValueError, "NaN"),
    (holding(math.inf), ValueError, "infinity"),
    (holding(-0.01), ValueError, "already normalised"),
    (lambda images: images[:0], ValueError, "not empty"),
    (lambda images: images[0, 0, 0], ValueError, r"\[batch, \*shape\]"),
    (lambda images: images.numpy(), TypeError, "got ndarray"),
    (lambda images: images.tolist(), TypeError, "got list"),
]


@every_attack
@pytest.mark.parametrize(("spoil", "error", "message"), BAD_IMAGES)
def test_bad_images(attacking, spoil, error, message, digits):
    with pytest.raises(error, match=message):
        attacking(Untouchable(), spoil(digits.images.clone()), digits.labels, 0.1)


@every_attack
def test_images_of_another_dtype_than_the_model(attacking, network, digits):
    with pytest.raises(TypeError, match=r"float64, the model's parameters torch\.float32"):
        attacking(network, digits.images.double(), digits.labels, 0.1)


BAD_CLASSES = [
    (lambda labels: labels + 1, ValueError, r"must lie in 0\.\.9 for this model, got 1\.\.10"),
    (lambda labels: labels - 1, ValueError, r"got -1\.\.8"),
    (lambda labels: labels[:-1], ValueError, r"shape \[120\], one for each image; got \[119\]"),
    (lambda labels: labels[:, None], ValueError, "one for each image"),
    (lambda labels: labels.float(), TypeError, "whole numbers, got torch.float32"),
    (lambda labels: labels > 3, TypeError, "whole numbers, got torch.bool"),
    (lambda labels: labels.to("meta"), ValueError, "on meta, images on cpu"),
    (lambda labels: labels.tolist(), TypeError, "got list"),
]


@every_attack
@pytest.mark.parametrize(("spoil", "error", "message"), BAD_CLASSES)
def test_bad_labels(attacking, spoil, error, message, network, digits):
    with pytest.raises(error, match=f"labels .*{message}"):
        attacking(network, digits.images, spoil(digits.labels), 0.1)


@pytest.mark.parametrize(("spoil", "error", "message"), BAD_CLASSES)
def test_bad_targets(spoil, error, message, network, digits):
    with pytest.raises(error, match=f"targets .*{message}"):
        fgsm(network, digits.images, digits.labels, 0.1, targets=spoil(digits.labels))


def test_no_labels_at_all(network, digits):
    with pytest.raises(TypeError, match=r"labels must be a .*Tensor, got NoneType"):
        fgsm(network, digits.images, None, 0.1)


@pytest.mark.parametrize(
    ("model", "shape"),
    [(nn.Flatten(0), r"\[784\]"), (nn.Sequential(nn.Flatten(), nn.Linear(784, 1)), r"\[1, 1\]"), (nn.Identity(), "28")],
)
def test_a_model_that_returns_no_logits(model, shape, digits):
    with pytest.raises(ValueError, match=rf"logits \[batch, classes\].*{shape}"):
        fgsm(model, digits.images, torch.zeros_like(digits.labels), 0.1)


def test_logits_that_are_no_numbers_are_told(digits):
    """The sign of NaN is 0: FGSM would change nothing and the model look robust."""

    class Overflows(nn.Module):
        def forward(self, images):
            return images.flatten(1)[:, :2] / 0 * 0

    with pytest.raises(ValueError, match="not finite"):
        fgsm(Overflows(), digits.images, torch.zeros_like(digits.labels), 0.1)


def test_the_body_runs_alone_with_the_same_result(network, digits):
    """The page shows the undecorated body: with a model in evaluation mode it needs nothing of ours."""
    alone = fgsm.__wrapped__(network.eval(), digits.images[:100], digits.labels[:100], 0.1)
    # Equal to the bit with AVX2, not with AVX512: "exact" is 99.8% of pixels.
    same = alone == fgsm(network, digits.images[:100], digits.labels[:100], 0.1)
    assert same.float().mean() >= 0.998


def test_arguments_by_name(network, digits):
    by_name = partial(fgsm, epsilon=0.1, labels=digits.labels, images=digits.images)(model=network)
    assert torch.equal(by_name, fgsm(network, digits.images, digits.labels, 0.1))
