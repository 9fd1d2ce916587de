"""The control: does the direction of the change break the model, or merely its size?"""

from __future__ import annotations

from typing import Any

import torch

from advlab import zoo
from advlab.chapters.fgsm.measure import only_first, right
from advlab.chapters.shared.sign_steps import of_length, signs, stepped
from advlab.data import subset
from advlab.engine.cache.profile import Profile
from advlab.engine.chapter import measurement
from advlab.evaluation import logits

#: In pixel units: the table's, without zero.
EPSILONS = (0.05, 0.1, 0.2, 0.3)
SEED = 784


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
