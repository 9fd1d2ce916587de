import pytest
import torch

from advlab.activations import Activations
from advlab.defenses.hidden import features, hidden
from advlab.models.inference import logits


def test_hooks_see_what_activations_see(trained, digits):
    few = digits.images[:5]
    with Activations(trained, ["relu1", "relu3"]) as seen:
        expected = logits(trained, few)
    outputs, found = hidden(trained, few, ["relu1", "relu3"])
    torch.testing.assert_close(outputs, expected)
    torch.testing.assert_close(found[0], seen["relu1"].mean((2, 3)))
    torch.testing.assert_close(found[1], seen["relu3"])
    assert torch.equal(features(found[1]), found[1])


def test_hooks_are_removed_after_an_error(network):
    with pytest.raises(ValueError, match="SimpleCNN takes"):
        hidden(network, torch.zeros(1, 1, 5, 5), ["relu3"])
    assert not network.relu3._forward_hooks
