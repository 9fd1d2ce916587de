import pytest
import torch
import torch.nn.functional as F
from torch import nn

from advlab.activations import Activations, NothingToHook, relative_drift
from advlab.attacks import fgsm, random_noise
from advlab.models.inference import CHUNK


def hooks(model):
    return sum(len(module._forward_hooks) for module in model.modules())


def test_every_relu_is_seen(network, digits):
    network.eval()
    with Activations(network) as seen:
        network(digits.images)
    assert list(seen) == ["relu1", "relu2", "relu3"]
    by_hand = F.relu(network.conv1(network.normalize(digits.images)))
    assert torch.equal(seen["relu1"], by_hand)
    assert not seen["relu3"].requires_grad


def test_layers_by_name_in_the_order_asked(network, digits):
    with Activations(network, ["fc2", "conv1"]) as seen:
        network(digits.images)
    assert list(seen) == ["fc2", "conv1"]
    assert seen["conv1"].shape == (len(digits), 32, 28, 28)


def test_batches_are_joined(network, digits):
    network.eval()
    with Activations(network, ["relu3"]) as seen:
        for batch in digits.images.split(50):
            network(batch)
    assert seen["relu3"].shape == (len(digits), 128)


def test_hooks_are_removed(network, digits):
    with Activations(network):
        assert hooks(network) == 3
    assert hooks(network) == 0
    with pytest.raises(RuntimeError, match="in the middle"), Activations(network):
        raise RuntimeError("in the middle")
    assert hooks(network) == 0


def test_the_articles_model_has_nothing_to_hook():
    class Functional(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 2, 3)

        def forward(self, images):
            return F.relu(self.conv(images))

    with pytest.raises(NothingToHook, match=r"Functional has no ReLU module.*F\.relu"):
        Activations(Functional())


@pytest.mark.parametrize("layers", [["relu1", "relu9"], []])
def test_a_layer_that_is_not_there(network, layers):
    with pytest.raises(NothingToHook, match=r"SimpleCNN; it has \['conv1'"):
        Activations(network, layers)


def test_a_model_that_has_not_run(network):
    with Activations(network) as seen:
        pass
    with pytest.raises(LookupError, match="has not run"):
        seen["relu1"]


def test_one_module_at_two_places_is_told():
    relu = nn.ReLU()
    with (
        pytest.raises(ValueError, match="one module used at several places"),
        Activations(nn.Sequential(relu, nn.Linear(4, 3), relu)) as seen,
    ):
        seen.model(torch.zeros(2, 4))


def test_what_a_layer_put_out_survives_work_in_place():
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU(inplace=True))
    with Activations(model, ["0"]) as seen:
        model(torch.randn(50, 2))
    assert (seen["0"] < 0).any()


def test_statistics_by_hand():
    model = nn.Sequential(nn.ReLU())
    with Activations(model) as seen:
        model(torch.tensor([[1.0, -1.0, 3.0, -2.0], [-5.0, -1.0, 1.0, -1.0]]))
    found = seen.statistics()["0"]
    assert found.mean == pytest.approx(5 / 8)
    assert found.std == pytest.approx((11 / 8 - 25 / 64) ** 0.5)
    assert (found.min, found.max) == (0, 3)
    assert found.share_silent == 5 / 8
    assert found.share_dead == 2 / 4


def test_drift_by_hand():
    model = nn.Sequential(nn.Flatten(), nn.ReLU(), nn.Linear(2, 2, bias=False))
    model[2].weight.data = torch.tensor([[2.0, 0.0], [0.0, 0.0]])
    before = torch.tensor([[0.6, 0.8], [1.0, 0.0]])
    after = torch.tensor([[0.6, 0.3], [0.5, 0.0]])
    found = relative_drift(model, before, after)
    assert list(found) == ["input", "1", "logits"]
    assert found == pytest.approx({"input": 0.5, "1": 0.5, "logits": 0.25})


def test_an_image_that_a_layer_ignores_is_left_out():
    model = nn.Sequential(nn.Flatten(), nn.ReLU(), nn.Linear(2, 2))
    before, after = torch.tensor([[0.0, 0.0], [1.0, 0.0]]), torch.tensor([[1.0, 0.0], [0.5, 0.0]])
    assert relative_drift(model, before, after)["1"] == 0.5


def test_drift_over_more_than_a_chunk(trained, digits):
    assert len(digits) > CHUNK
    moved = fgsm(trained, digits.images, digits.labels, 0.1)
    whole = relative_drift(trained, digits.images, moved, ["conv1", "fc1"])
    assert list(whole) == ["input", "conv1", "fc1", "logits"]
    one_by_one = [relative_drift(trained, digits.images[i : i + 1], moved[i : i + 1]) for i in range(len(digits))]
    for layer in ("input", "logits"):
        assert whole[layer] == pytest.approx(sum(drift[layer] for drift in one_by_one) / len(digits), rel=1e-4)


def test_an_attack_drifts_further_than_noise(trained, digits):
    """The finding is the contrast: the same size at the input, another one at the logits."""
    moved = fgsm(trained, digits.images, digits.labels, 0.1)
    noisy = random_noise(trained, digits.images, digits.labels, 0.1, generator=torch.Generator().manual_seed(0))
    attacked, control = (relative_drift(trained, digits.images, other) for other in (moved, noisy))
    assert attacked["input"] == pytest.approx(control["input"], rel=0.2)
    assert attacked["logits"] > 1.5 * control["logits"]
    assert relative_drift(trained, digits.images, digits.images) == dict.fromkeys(attacked, 0.0)


@pytest.mark.parametrize("n", [0, 3])
def test_batches_that_do_not_fit(network, digits, n):
    with pytest.raises(Exception, match=r"equal, non-empty batches|batch"):
        relative_drift(network, digits.images[: 4 if n else 0], digits.images[:n])
