import pytest
import torch
from torch import nn

from advlab.attacks.input_checks import check_classes, check_epsilon, check_images, check_share

MODEL, IMAGES = nn.Linear(4, 2), torch.rand(2, 1, 2, 2)


@pytest.mark.parametrize(
    ("images", "error", "message"),
    [
        ([0.5], TypeError, "images must be a torch.Tensor, got list"),
        (torch.zeros(2, 4, dtype=torch.uint8), TypeError, r"divide by 255\?"),
        (torch.rand(2, 4).double(), TypeError, r"images are torch.float64, the model's parameters torch.float32"),
        (torch.rand(4), ValueError, r"must be a batch"),
        (torch.rand(0, 4), ValueError, "not empty"),
        (torch.rand(2, 4) - 0.5, ValueError, "already normalised"),
        (torch.rand(2, 4) * 255, ValueError, "already normalised"),
        (torch.full((2, 4), torch.nan), ValueError, "NaN or infinity"),
        (torch.full((2, 4), torch.inf), ValueError, "NaN or infinity"),
    ],
)
def test_images(images, error, message):
    with pytest.raises(error, match=message):
        check_images(images, MODEL)


@pytest.mark.parametrize(
    ("labels", "error", "message"),
    [
        ([0, 1], TypeError, "got list"),
        (torch.tensor([0.0, 1.0]), TypeError, "whole numbers, got torch.float32"),
        (torch.tensor([True, False]), TypeError, "whole numbers, got torch.bool"),
        (torch.tensor([0]), ValueError, r"labels must have shape \[2\], one for each image; got \[1\]"),
        (torch.tensor([[0], [1]]), ValueError, "labels must have shape"),
        (torch.tensor([0, 2]), ValueError, r"0..1 for this model, got 0..2"),
        (torch.tensor([-1, 1]), ValueError, r"got -1..1"),
    ],
)
def test_labels(labels, error, message):
    with pytest.raises(error, match=message):
        check_classes("labels", labels, IMAGES, 2)


@pytest.mark.parametrize(
    ("epsilon", "error", "message"),
    [
        ("0.3", TypeError, "epsilon must be a float in pixel units"),
        (True, TypeError, "got bool"),
        (8, ValueError, r"8/255\?"),
        (-0.1, ValueError, "got -0.1$"),
        (float("nan"), ValueError, "got nan$"),
        (float("inf"), ValueError, "got inf$"),
    ],
)
def test_epsilon(epsilon, error, message):
    with pytest.raises(error, match=message):
        check_epsilon(epsilon)


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan"), True, "1"])
def test_shares(share):
    with pytest.raises(ValueError, match=r"kappa must lie in \[0, 1\]"):
        check_share("kappa", share)


def test_good_input_passes():
    for end in (0.0, 1.0):
        check_images(torch.full((2, 4), end), MODEL)
        check_epsilon(end)
        check_share("kappa", end)
    check_classes("labels", torch.tensor([0, 1], dtype=torch.int32), IMAGES, 2)
    check_epsilon(1)
