import json
import math
from functools import cache
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from advlab.attacks import carlini_wagner, deepfool, fab
from advlab.attacks.boundary import rivals
from advlab.evaluation import distances
from advlab.models.inference import logits, predict

from .nets import checksum, trained

HERE = Path(__file__).parent
RECORD = json.loads((HERE / "minimum_norm.json").read_text())
KINDS = pytest.mark.parametrize("kind", ["standard", "robust"])
NORMS = pytest.mark.parametrize("norm", ["L2", "Linf"])


@cache
def inputs():
    stored = load_file(HERE / "digits.safetensors")
    n = RECORD["images"]
    return stored["images"][:n].float() / 255, stored["labels"][:n].long()


def theirs(kind, name):
    """The median over the images read right, failures infinitely far; and how many failed."""
    images, labels = inputs()
    right = predict(trained(kind), images) == labels
    return median(torch.tensor([math.inf if d is None else d for d in RECORD["distances"][f"{kind}/{name}"]])[right])


def ours(kind, measured, attack, **options):
    images, labels = inputs()
    model = trained(kind)
    right = predict(model, images) == labels
    attacked = attack(model, images, labels, **options)
    assert torch.equal(attacked[~right], images[~right])
    assert 0 <= attacked.min() <= attacked.max() <= 1
    return median(distances(model, images, labels, attacked, measured)[right])


def median(sizes):
    return float(sizes.quantile(0.5, interpolation="lower")), int(sizes.isinf().sum())


@KINDS
def test_the_networks_are_those_recorded(kind):
    assert checksum(trained(kind)) == RECORD["weights"][kind]


@NORMS
@KINDS
def test_deepfool_comes_as_near_as_foolbox(kind, norm):
    here, failed = ours(kind, norm, deepfool, norm=norm)
    reference, failed_there = theirs(kind, f"foolbox/deepfool/{norm}")
    assert here <= 1.02 * reference
    # On a processor with AVX512 one image more failed on the robust network. Why was not looked into.
    assert failed <= failed_there + (kind == "robust")
    assert failed == 0 or kind == "robust"


def test_cw_comes_as_near_as_foolbox():
    """On the standard network, in a fifteenth of foolbox's steps."""
    here, failed = ours("standard", "L2", carlini_wagner, search_steps=6, steps=100, initial_c=0.1)
    assert failed == 0
    assert here <= 1.02 * theirs("standard", "foolbox/carlini_wagner/L2")[0]


def test_cw_comes_as_near_as_foolbox_on_the_robust_network():
    """With foolbox's own steps, since fewer are not enough there; on a few images, each beside foolbox's."""
    images, labels = (of[:12] for of in inputs())
    model = trained("robust")
    options = {"search_steps": 9, "steps": 1000, "learning_rate": 0.01, "initial_c": 0.001}
    right = predict(model, images) == labels
    here = distances(model, images, labels, carlini_wagner(model, images, labels, **options), "L2")[right]
    there = torch.tensor(RECORD["distances"]["robust/foolbox/carlini_wagner/L2"][:12])[right]
    assert float((here / there).median()) <= 1.02


@NORMS
@KINDS
def test_fab_comes_as_near_as_the_reference(kind, norm):
    """Towards the likeliest wrong class, as AutoAttack calls it."""
    images, labels = inputs()
    aims = rivals(logits(trained(kind), images), labels, 1)[:, 0]
    options = {"norm": norm, "steps": RECORD["fab_steps"], "generator": torch.Generator().manual_seed(0)}
    here, failed = ours(kind, norm, fab, targets=aims, **options)
    reference, failed_there = theirs(kind, f"auto-attack/fab_targeted/{norm}")
    assert here <= 1.02 * reference
    assert failed <= failed_there


def test_what_bugs_do_to_a_peer():
    """Of torchattacks, told on our page: its DeepFool stalls, and its C&W leaves black and white pixels alone."""
    assert theirs("standard", "torchattacks/deepfool/L2")[1] > 10
    stuck, failed = theirs("standard", "torchattacks/carlini_wagner/L2")
    near, _ = theirs("standard", "foolbox/carlini_wagner/L2")
    assert failed > 0 or stuck > 1.05 * near


def test_the_page_tells_what_was_recorded():
    images, labels = inputs()
    right = predict(trained("standard"), images) == labels
    told = json.loads((HERE.parents[1] / "advlab" / "recorded" / "minimum_norm.json").read_text())
    assert told["right"] == int(right.sum())
    for peer in ("torchattacks", "foolbox"):
        for attack in ("deepfool", "carlini_wagner"):
            sizes = [math.inf if d is None else d for d in RECORD["distances"][f"standard/{peer}/{attack}/L2"]]
            middle, failed = median(torch.tensor(sizes)[right])
            assert told[peer][attack]["succeeded"] == told["right"] - failed
            assert told[peer][attack]["median"] == pytest.approx(middle)
    for attack in ("deepfool", "carlini_wagner"):
        assert told["advlab"][attack]["succeeded"] == told["right"]
