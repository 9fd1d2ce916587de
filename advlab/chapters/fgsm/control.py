"""The control: is it the direction that breaks the model, or the mere size of the change?"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from advlab import zoo
from advlab.chapters.fgsm.measure import only_first, right, signs, stepped
from advlab.data import subset
from advlab.engine.cache.profile import Profile
from advlab.engine.chapter import measurement
from advlab.evaluation import logits
from advlab.models.inference import CHUNK

#: In pixel units: the table's, without none at all.
EPSILONS = (0.05, 0.1, 0.2, 0.3)
SEED = 784
#: In the search for noise of a given length: 2**-24 of a pixel is float32's resolution.
HALVINGS = 24


@measurement(trainings=only_first)
def noise(profile: Profile) -> dict[str, Any]:
    """Accuracy under random sign noise of FGSM's epsilon, and of FGSM's L2 norm after clipping, beside FGSM."""
    model, test = zoo.trained(zoo.for_profile(zoo.STANDARD, profile)), subset(profile.slow_images)
    step = signs(model, test.images, test.labels)
    generator = torch.Generator().manual_seed(SEED)
    coins = torch.randint(0, 2, test.images.shape, generator=generator) * 2.0 - 1
    rows: dict[str, Any] = {}
    for epsilon in EPSILONS:
        attacked = stepped(test.images, step, epsilon)
        lengths = (attacked - test.images).flatten(1).norm(dim=1)
        changed = {
            "FGSM": attacked,
            "same epsilon": stepped(test.images, coins, epsilon),
            "same L2": of_length(test.images, coins, lengths),
        }
        rows[f"{epsilon:g}"] = {
            name: {
                "accuracy": right(logits(model, images).argmax(1), test.labels),
                "L2": float((images - test.images).flatten(1).norm(dim=1).mean()),
            }
            for name, images in changed.items()
        }
    return rows


def of_length(images: Tensor, sign: Tensor, lengths: Tensor) -> Tensor:
    """Images moved along `sign`, each by the step whose change has, after clipping, the L2 norm of `lengths`.

    The norm grows with the step, so halving an interval finds it; every step is below 1, the width of the domain.
    """
    found = []
    for chunk, signs_of, wanted in zip(images.split(CHUNK), sign.split(CHUNK), lengths.split(CHUNK), strict=True):
        low, high = torch.zeros_like(wanted), torch.ones_like(wanted)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            moved = (chunk + middle.view(-1, 1, 1, 1) * signs_of).clamp(0, 1) - chunk
            short = moved.flatten(1).norm(dim=1) < wanted
            low, high = torch.where(short, middle, low), torch.where(short, high, middle)
        found.append((chunk + high.view(-1, 1, 1, 1) * signs_of).clamp(0, 1))
    return torch.cat(found)
