import hashlib
import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from advlab.attacks import fgsm
from advlab.data import subset
from advlab.models import SimpleCNN

from .nets import DTYPES, EPSILONS, NETS, checksum

HERE = Path(__file__).parent
RECORD = json.loads((HERE / "fgsm.json").read_text())
PEERS = ("torchattacks", "foolbox")
SAME_PROCESSOR = torch.backends.cpu.get_cpu_capability() == RECORD["instructions"]


@pytest.fixture(scope="module")
def inputs():
    return load_file(HERE / "images.safetensors")


@pytest.fixture(scope="module")
def outputs():
    return load_file(HERE / "fgsm.safetensors")


def network(name):
    """The oracles' network; for SimpleCNN ours, with the very same weights."""
    drawn = NETS[name]()
    if name != "simple_cnn":
        return drawn
    ours = SimpleCNN()
    ours.load_state_dict(drawn.state_dict())
    return ours


def test_the_fixtures_are_what_was_recorded(inputs):
    assert hashlib.sha256((HERE / "fgsm.safetensors").read_bytes()).hexdigest() == RECORD["outputs"]
    digits = subset(len(inputs["labels"]))
    assert torch.equal(inputs["images"].float() / 255, digits.images)
    assert torch.equal(inputs["labels"].long(), digits.labels)


@pytest.mark.parametrize("name", NETS)
def test_the_seeds_still_draw_the_same_weights(name):
    assert checksum(NETS[name]()) == RECORD["weights"][name]


@pytest.mark.parametrize("epsilon", EPSILONS)
@pytest.mark.parametrize("kind", DTYPES)
@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("peer", PEERS)
def test_fgsm_is_the_peers_pixel_for_pixel(inputs, outputs, peer, name, kind, epsilon):
    key = f"{peer}/{name}/{kind}/{epsilon}"
    theirs = outputs[RECORD["equal"].get(key, key)]
    dtype = DTYPES[kind]
    images, labels = (inputs["images"].float() / 255).to(dtype), inputs["labels"].long()
    ours = fgsm(network(name).to(dtype), images, labels, epsilon)
    assert ours.dtype == dtype
    assert not torch.equal(theirs, images)
    if kind == "float64":
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-6)
    elif SAME_PROCESSOR:
        assert torch.equal(ours, theirs)
    else:
        assert ((ours - theirs).abs() < 1e-6).float().mean() >= 0.998
