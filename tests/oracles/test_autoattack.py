"""Our AutoAttack and its parts against the reference implementation, image by image; see record_autoattack.py."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from advlab.attacks import apgd, apgd_targeted, autoattack, square
from advlab.evaluation import predict
from tests.oracles.nets import checksum, trained

HERE = Path(__file__).parent
RECORD = json.loads((HERE / "autoattack.json").read_text())
INPUTS = load_file(HERE / "digits.safetensors")
IMAGES, LABELS = INPUTS["images"].float() / 255, INPUTS["labels"].long()
BALLS = [("Linf", 0.1), ("Linf", 0.3), ("L2", 1.5)]


def withstood(key, n):
    return torch.tensor([verdict == "1" for verdict in RECORD["withstood"][key][:n]])


def ours(kind, norm, epsilon, attack, n, seed=0, **options):
    model, images, labels = trained(kind), IMAGES[:n], LABELS[:n]
    generator = torch.Generator().manual_seed(seed)
    return predict(model, attack(model, images, labels, epsilon, generator=generator, norm=norm, **options)) == labels


@pytest.mark.parametrize("kind", ["standard", "robust"])
def test_the_networks_are_those_attacked(kind):
    assert checksum(trained(kind)) == RECORD["weights"][kind]
    assert torch.equal(predict(trained(kind), IMAGES) == LABELS, withstood(f"{kind}/clean", 300))


@pytest.mark.parametrize("kind", ["standard", "robust"])
@pytest.mark.parametrize(("norm", "epsilon"), BALLS)
def test_apgd_within_half_a_point(kind, norm, epsilon):
    n = 300
    mine, theirs = ours(kind, norm, epsilon, apgd, n), withstood(f"{kind}/{norm}/{epsilon}/APGD-CE", n)
    assert abs(int(mine.sum()) - int(theirs.sum())) <= 0.005 * n


@pytest.mark.parametrize(
    ("kind", "norm", "epsilon"), [("standard", "Linf", 0.1), ("standard", "L2", 1.5), ("robust", "Linf", 0.3)]
)
def test_targeted_apgd_within_half_a_point(kind, norm, epsilon):
    """Nine targets for each image: where there is something left to break, on 200 images."""
    n = 200
    mine, theirs = ours(kind, norm, epsilon, apgd_targeted, n), withstood(f"{kind}/{norm}/{epsilon}/APGD-T", n)
    assert abs(int(mine.sum()) - int(theirs.sum())) <= 0.005 * n


def square_counts(norm, epsilon, n=300):
    """The mean of three runs, for a single one moves by a point from seed to seed; and the reference's one."""
    queries = RECORD["square_queries"]
    runs = [ours("standard", norm, epsilon, square, n, seed=seed, queries=queries) for seed in range(3)]
    return sum(int(run.sum()) for run in runs) / 3, int(withstood(f"standard/{norm}/{epsilon}/Square", n).sum())


def test_square_within_a_point():
    mine, theirs = square_counts("Linf", 0.1)
    assert abs(mine - theirs) <= 3


def test_square_in_l2_is_no_weaker():
    """It is stronger, by three points in one run against the reference's: why is not known."""
    mine, theirs = square_counts("L2", 1.5)
    assert mine <= theirs + 3


@pytest.mark.parametrize(("kind", "epsilon"), [("standard", 0.1), ("standard", 0.3), ("robust", 0.3)])
def test_autoattack_within_half_a_point(kind, epsilon):
    """On 200 images: a point is two of them, half a point is one."""
    n = 200
    mine, theirs = ours(kind, "Linf", epsilon, autoattack, n), withstood(f"{kind}/Linf/{epsilon}/AutoAttack", n)
    assert abs(int(mine.sum()) - int(theirs.sum())) <= 0.005 * n
