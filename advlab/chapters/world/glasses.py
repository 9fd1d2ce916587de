"""Glasses on digits: a perturbation confined to a frame, beside frames that nobody optimised and a frame that slips."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from advlab import zoo
from advlab.attacks.masked import masked, spectacles
from advlab.data import indices, subset
from advlab.engine.cache.computation import Computation
from advlab.engine.cache.profile import Profile
from advlab.engine.cache.progress import report
from advlab.engine.chapter import measurement
from advlab.evaluation import Proportion, predict

IMAGES = 200
STEPS = 20
SEED = 2016
SHOWN = 5
#: By the names they have on the page.
MODELS = {"standard": zoo.STANDARD, "robust": zoo.ROBUST}

Result = dict[str, Any]


def of_both(profile: Profile) -> list[Computation]:
    """The trainings of both networks."""
    return [zoo.training(zoo.for_profile(recipe, profile), 0) for recipe in MODELS.values()]


@measurement(trainings=of_both)
def glasses(profile: Profile) -> Result:
    """Accuracy on images with a frame: optimised to be misread, to be read as the next digit, or not at all."""
    test, mask = subset(min(IMAGES, profile.slow_images)), spectacles()
    wanted = (test.labels + 1) % 10
    found: Result = {"n": len(test), "steps": STEPS, "area": float(mask.float().mean()), "models": {}}
    columns, verdicts = ["index", "label"], [indices(len(test)).tolist(), test.labels.tolist()]
    for done, (name, recipe) in enumerate(MODELS.items()):
        model = zoo.trained(zoo.for_profile(recipe, profile), 0)
        worn = made(model, test.images, test.labels, wanted, mask)
        read = {kind: predict(model, images) for kind, images in worn.items()}
        found["models"][name] = {
            "right": {kind: share(answers == test.labels) for kind, answers in read.items()},
            "as wanted": {kind: share(read[kind] == wanted) for kind in ("clean", "targeted", "slipped, targeted")},
        }
        if name == "standard":
            found["shown"] = [
                {
                    "label": int(test.labels[one]),
                    "wanted": int(wanted[one]),
                    "frames": {
                        kind: {"picture": levels(worn[kind][one]), "read": int(read[kind][one])}
                        for kind in ("clean", "grey", "targeted", "slipped, targeted")
                    },
                }
                for one in range(SHOWN)
            ]
        columns += [f"{name}, {kind}: read as" for kind in read]
        verdicts += [answers.tolist() for answers in read.values()]
        report(done + 1, len(MODELS), "glasses")
    return found | {"evidence": {"columns": columns, "images": [list(row) for row in zip(*verdicts, strict=True)]}}


def made(model: nn.Module, images: Tensor, labels: Tensor, wanted: Tensor, mask: Tensor) -> dict[str, Tensor]:
    """The images with each kind of frame."""
    noise = torch.rand(images.shape, generator=torch.Generator().manual_seed(SEED))
    fillings = {
        "black": torch.zeros_like(images),
        "grey": torch.full_like(images, 0.5),
        "white": torch.ones_like(images),
    }
    dodging = masked(model, images, labels, mask=mask, steps=STEPS)
    targeted = masked(model, images, labels, mask=mask, steps=STEPS, targets=wanted)
    return {
        "clean": images,
        **{kind: torch.where(mask, filling, images) for kind, filling in (fillings | {"noise": noise}).items()},
        "untargeted": dodging,
        "targeted": targeted,
        "slipped, untargeted": slipped(images, dodging, mask),
        "slipped, targeted": slipped(images, targeted, mask),
    }


def slipped(images: Tensor, worn: Tensor, mask: Tensor) -> Tensor:
    """The images with the same frame one pixel further to the right, as worn glasses slip."""
    return torch.where(mask.roll(1, -1), worn.roll(1, -1), images)


def share(of: Tensor) -> dict[str, float | int]:
    """The share of true verdicts, with its interval."""
    return Proportion(int(of.sum()), len(of)).to_json()


def levels(image: Tensor) -> list[list[int]]:
    """A picture of one channel as rows of grey levels."""
    rows: list[list[int]] = (image[0] * 255).round().int().tolist()
    return rows
