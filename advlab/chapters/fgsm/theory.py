"""What the page on FGSM measures for its derivation: slopes of the loss, and a linear model, where they suffice."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from advlab import zoo
from advlab.attacks import fgsm
from advlab.chapters.fgsm.measure import only_first, right
from advlab.chapters.shared.sign_steps import gradient
from advlab.data import Dataset, mnist, subset
from advlab.engine.cache.profile import Profile
from advlab.engine.chapter import measurement
from advlab.evaluation import Proportion, logits
from advlab.models.inference import CHUNK

#: The points along a direction at which the loss is computed, in pixel units.
STEPS = tuple(number / 100 for number in range(31))
#: Bounds of the confidence in the first picture's image: read right, but not so surely that the loss has no slope.
UNSURE = (0.8, 0.95)
DIRECTIONS = 50
#: Epsilons from small ones, where a loss may be nearly linear, up to the smallest two of the table.
RISES = (0.005, 0.01, 0.02, 0.05, 0.1)
RISE_IMAGES = 500
#: The two digits that Goodfellow et al. tell apart with a linear model (their section 5).
DIGITS = (3, 7)
LINEAR_EPSILONS = (0.05, 0.1, 0.2, 0.3)
CORNERS = 100
COINS_SEED = 28


def coins(shape: tuple[int, ...], generator: torch.Generator, dtype: torch.dtype = torch.float32) -> Tensor:
    """Random signs, plus or minus one in every pixel: a corner of the unit L-infinity ball."""
    return torch.randint(0, 2, shape, generator=generator).to(dtype) * 2 - 1


def losses(model: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """The cross-entropy of each image."""
    return F.cross_entropy(logits(model, images), labels, reduction="none")


@measurement(trainings=only_first)
def loss_path(profile: Profile) -> dict[str, Any]:
    """The loss of one test image along the gradient's sign and along random signs, without clipping."""
    model, test = zoo.trained(zoo.for_profile(zoo.STANDARD, profile)), mnist("test")
    sure = logits(model, test.images[:2000]).softmax(1).gather(1, test.labels[:2000, None]).flatten()
    index = int(((sure > UNSURE[0]) & (sure < UNSURE[1])).nonzero()[0])
    image, label = test.images[index : index + 1], test.labels[index : index + 1]
    slope = gradient(model, image, label)
    generator = torch.Generator().manual_seed(COINS_SEED)
    random = coins((DIRECTIONS, *image.shape[1:]), generator)
    along = torch.cat([along_direction(model, image, label, one) for one in [slope.sign(), *random.split(1)]])
    return {
        "index": index,
        "label": int(label),
        "steps": list(STEPS),
        "FGSM": along[0].tolist(),
        "random": along[1].tolist(),
        "lowest of random": along[1:].amin(0).tolist(),
        "highest of random": along[1:].amax(0).tolist(),
        "directions": DIRECTIONS,
        "slope": float(slope.abs().sum()),
        "random slope": float((slope * random[:1]).sum()),
    }


def along_direction(model: nn.Module, image: Tensor, label: Tensor, direction: Tensor) -> Tensor:
    """The loss at each of `STEPS` along a direction, as one row."""
    moved = torch.cat([image + step * direction for step in STEPS])
    return losses(model, moved, label.expand(len(moved)))[None]


@measurement(trainings=only_first)
def rise(profile: Profile) -> dict[str, Any]:
    """The actual rise of the loss under FGSM, beside epsilon times the L1 norm of its gradient, before clipping."""
    model, test = zoo.trained(zoo.for_profile(zoo.STANDARD, profile)), subset(min(RISE_IMAGES, profile.slow_images))
    pairs = zip(test.images.split(CHUNK), test.labels.split(CHUNK), strict=True)
    slopes = torch.cat([gradient(model, images, labels) for images, labels in pairs])
    size = slopes.flatten(1).abs()
    before = losses(model, test.images, test.labels)
    random = coins(tuple(test.images.shape), torch.Generator().manual_seed(COINS_SEED))
    found: dict[str, Any] = {
        "n": len(test),
        "mean L1": float(size.sum(1).mean()),
        "mean L2": float(size.norm(dim=1).mean()),
        "mean of a pixel": float(size.mean()),
        "median L1 over largest pixel": float((size.sum(1) / size.amax(1)).median()),
        "median L1 over L2": float((size.sum(1) / size.norm(dim=1)).median()),
        "epsilons": {},
    }
    for epsilon in RISES:
        along = losses(model, test.images + epsilon * slopes.sign(), test.labels) - before
        noisy = losses(model, test.images + epsilon * random, test.labels) - before
        found["epsilons"][f"{epsilon:g}"] = {
            "predicted": float(epsilon * size.sum(1).mean()),
            "measured": float(along.mean()),
            "noise": float(noisy.mean()),
            "least": Proportion(int((along >= epsilon * size.sum(1)).sum()), len(test)).to_json(),
        }
    return found


class TwoDigits(nn.Module):
    """A linear score for one of two digits, as two logits of which the first is zero. Pixels are not normalised."""

    def __init__(self) -> None:
        super().__init__()
        self.score = nn.Linear(28 * 28, 1, dtype=torch.float64)
        for parameter in self.score.parameters():
            nn.init.zeros_(parameter)

    def forward(self, images: Tensor) -> Tensor:
        """Logits of the two digits."""
        score = self.score(images.flatten(1))
        return torch.cat([torch.zeros_like(score), score], dim=1)


def only_digits(data: Dataset) -> Dataset:
    """The images of `DIGITS` in float64, labelled 0 and 1."""
    kept = (data.labels == DIGITS[0]) | (data.labels == DIGITS[1])
    return Dataset(data.images[kept].double(), (data.labels[kept] == DIGITS[1]).long())


def trained_linear(data: Dataset) -> TwoDigits:
    """Logistic regression: Adam on all images at once, from zero weights."""
    model = TwoDigits()
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    for _ in range(100):
        optimizer.zero_grad()
        F.cross_entropy(model(data.images), data.labels).backward()
        optimizer.step()
    return model.eval()


@measurement
def linear(profile: Profile) -> dict[str, Any]:
    """The worst case for a linear model of two digits: by formula, by FGSM without clipping, and after clipping."""
    train = mnist("train") if profile.train_images is None else subset(profile.train_images, "train")
    model, test = trained_linear(only_digits(train)), only_digits(mnist("test"))
    weights = model.score.weight.detach()
    # The margin says how far the score is on the right side. The loss of either digit is -log(sigmoid(margin)).
    margin = (2 * test.labels - 1) * logits(model, test.images)[:, 1]
    before, step = (
        -F.logsigmoid(margin),
        gradient(model, test.images, test.labels).sign(),
    )
    generator = torch.Generator().manual_seed(COINS_SEED)
    corners = [coins((1, *test.images.shape[1:]), generator, torch.float64) for _ in range(CORNERS)]
    found: dict[str, Any] = {
        "n": len(test),
        "train images": len(only_digits(train)),
        "corners": CORNERS,
        "L1 of weights": float(weights.abs().sum()),
        "accuracy": right(logits(model, test.images).argmax(1), test.labels),
        "epsilons": {},
    }
    for epsilon in LINEAR_EPSILONS:
        worst = margin - epsilon * weights.abs().sum()
        moved = test.images + epsilon * step
        reached = losses(model, moved, test.labels)
        at_corners = torch.stack([losses(model, test.images + epsilon * c, test.labels) for c in corners]).amax(0)
        clipped = fgsm(model, test.images, test.labels, epsilon)
        found["epsilons"][f"{epsilon:g}"] = {
            "predicted": float((-F.logsigmoid(worst) - before).mean()),
            "measured": float((reached - before).mean()),
            "largest difference": float((-F.logsigmoid(worst) - reached).abs().max()),
            "corners above": int((at_corners > reached + 1e-9).sum()),
            "corners": float((at_corners - before).mean()),
            "clipped": float((losses(model, clipped, test.labels) - before).mean()),
            "predicted accuracy": Proportion(int((worst > 0).sum()), len(test)).to_json(),
            "accuracy": right(logits(model, moved).argmax(1), test.labels),
            "clipped accuracy": right(logits(model, clipped).argmax(1), test.labels),
        }
    return found
