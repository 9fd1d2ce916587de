import hashlib
import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from advlab.attacks import fast_gradient, momentum, pgd
from advlab.data import mnist
from advlab.evaluation import predict

from .nets import NETS, checksum, trained

HERE = Path(__file__).parent
RECORD = json.loads((HERE / "pgd.json").read_text())
STEPS, STRIDE, SEEDS = 40, 20, (0, 1, 2)  # record_pgd.py's
OUTPUTS = load_file(HERE / "pgd.safetensors")
ATTACKS = {
    "pgd": lambda *batch, norm: pgd(*batch, norm=norm, generator=torch.Generator(), random_start=False, steps=STEPS),
    "momentum": lambda *batch, norm: momentum(*batch, norm=norm, steps=STEPS),
    "fast_gradient": lambda *batch, norm: fast_gradient(*batch, norm=norm),
}


@pytest.fixture(scope="module")
def inputs():
    stored = load_file(HERE / "images.safetensors")
    return stored["images"][:8].float() / 255, stored["labels"][:8].long()


def test_the_record_is_of_these_files():
    assert hashlib.sha256((HERE / "pgd.safetensors").read_bytes()).hexdigest() == RECORD["outputs"]
    assert {name: checksum(build()) for name, build in NETS.items()} == RECORD["weights"]
    assert {name: checksum(trained(name)) for name in RECORD["trained"]} == RECORD["trained"]


def test_the_peers_agree_with_one_another():
    """Four libraries, and no pixel of 40 steps in L-infinity differs; in float64 L2 agrees to 1e-10."""
    apart = RECORD["largest difference from the first peer"]
    in_l_infinity = {name: one for name, one in apart.items() if name.startswith("pgd/") and "/Linf/" in name}
    assert {name.rpartition("/")[2] for name in in_l_infinity} == {"torchattacks", "foolbox", "cleverhans", "art"}
    assert set(in_l_infinity.values()) == {0.0}
    assert all(one < (1e-9 if "float64" in name else 1e-6) for name, one in apart.items())


@pytest.mark.parametrize("case", OUTPUTS)
def test_pixel_for_pixel(inputs, case):
    attack, name, norm, epsilon, _ = case.split("/")
    images, labels = inputs[0].double(), inputs[1]
    ours = ATTACKS[attack](NETS[name]().double(), images, labels, float(epsilon), norm=norm)
    theirs = OUTPUTS[case].double()  # kept as float32: 6e-8 of rounding
    assert not torch.allclose(theirs, images, atol=0.01)
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-6)


@pytest.fixture(scope="module")
def ours_right():
    """The share of 500 images right under ours, as a mean over three seeds, by network and epsilon."""
    test, shares = mnist("test"), {}
    images, labels = test.images[::STRIDE], test.labels[::STRIDE]
    for case in {name.rpartition("/")[0] for name in RECORD["right of 500"]}:
        name, epsilon = case.split("/")
        model, right = trained(name), 0
        for seed in SEEDS:
            generator = torch.Generator().manual_seed(seed)
            attacked = pgd(model, images, labels, float(epsilon), generator=generator, steps=STEPS)
            right += int((predict(model, attacked) == labels).sum())
        shares[case] = right / len(SEEDS) / len(labels)
    return shares


@pytest.mark.parametrize("case", RECORD["right of 500"])
def test_with_random_starts_as_many_images_stay_right(ours_right, case):
    """Within half a point of each peer: 1,500 attacked images each."""
    theirs = sum(RECORD["right of 500"][case]) / len(SEEDS) / 500
    assert abs(ours_right[case.rpartition("/")[0]] - theirs) <= 0.005
