"""Interval bounds and CROWN-IBP beside auto_LiRPA's (bounds.safetensors)."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from advlab.defenses import bounds, crown_margins, worst_margins
from advlab.models import Normalize

from .nets import checksum, simple_cnn, trained

HERE = Path(__file__).parent
RECORD = json.loads((HERE / "bounds.json").read_text())
THEIRS = load_file(HERE / "bounds.safetensors")
NETWORKS = {"simple_cnn": simple_cnn, "standard": lambda: trained("standard"), "robust": lambda: trained("robust")}
each = pytest.mark.parametrize("name", NETWORKS)
epsilons = pytest.mark.parametrize("epsilon", RECORD["epsilons"])


def setting(name, dtype):
    """The network with advlab's own first layer, images and labels."""
    network = NETWORKS[name]().to(dtype).eval()
    pixels = network[0]
    model = nn.Sequential(Normalize(pixels.mean.item(), pixels.std.item()).to(dtype), *list(network)[1:]).eval()
    stored = load_file(HERE / "images.safetensors")
    n = RECORD["images"]
    return model, stored["images"][:n].to(dtype) / 255, stored["labels"][:n].long()


def ours(name, epsilon, dtype):
    model, images, labels = setting(name, dtype)
    with torch.no_grad():
        lower, upper = bounds(model, images, epsilon, outward=False)
        found = {"lower": lower, "upper": upper}
        found["IBP"] = worst_margins(model, images, labels, epsilon, outward=False)
        if f"{name}/{epsilon}/CROWN-IBP" in THEIRS:
            found["CROWN-IBP"] = crown_margins(model, images, labels, epsilon)
    return found


@each
def test_the_weights_are_those_recorded(name):
    assert checksum(NETWORKS[name]()) == RECORD["weights"][name]


@each
@epsilons
def test_equal_in_float64(name, epsilon):
    for what, found in ours(name, epsilon, torch.float64).items():
        torch.testing.assert_close(found, THEIRS[f"{name}/{epsilon}/{what}"], rtol=1e-9, atol=1e-9)


@each
@epsilons
def test_equal_in_float32_but_for_rounding(name, epsilon):
    """To 1e-5 of the largest bound: that is what intervals of this width can be told apart to."""
    for what, found in ours(name, epsilon, torch.float32).items():
        theirs = THEIRS[f"{name}/{epsilon}/{what}"]
        assert (found.double() - theirs).abs().max() <= 1e-5 * max(theirs.abs().max().item(), 1.0)


@each
@epsilons
def test_outward_lies_outside(name, epsilon):
    model, images, labels = setting(name, torch.float32)
    with torch.no_grad():
        lower, upper = bounds(model, images, epsilon)
        least = worst_margins(model, images, labels, epsilon)
    assert (lower.double() < THEIRS[f"{name}/{epsilon}/lower"]).all()
    assert (upper.double() > THEIRS[f"{name}/{epsilon}/upper"]).all()
    others = torch.arange(10) != labels[:, None]
    assert (least.double() < THEIRS[f"{name}/{epsilon}/IBP"])[others].all()
