"""A stack of three layers: a median filter in front of an ensemble, and a detector beside them."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from advlab.attacks import fgsm
from advlab.chapters.ensembles.measure import by_steps, chosen, fresh_generator, members, members_only, share
from advlab.data import indices, mnist
from advlab.defenses import (
    Consistency,
    Ensemble,
    Guarded,
    MedianFilter,
    Preprocessed,
    accuracy_after_rejection,
    evading_pgd,
    judged,
    threshold,
)
from advlab.engine.cache.profile import Profile
from advlab.engine.chapter import measurement
from advlab.evaluation import predict

#: In pixel units, L-infinity.
EPSILON = 0.3
FALSE_POSITIVES = 0.05
#: Other clean test images, on which the detector's limit is set.
CALIBRATION = 1000
#: Windows of the filter in front and of the one whose answer the detector compares with, in pixels.
WINDOW, SECOND_WINDOW = 2, 3
#: Steps of the attack on the whole stack.
STEPS = 60

Result = dict[str, Any]


def filtered(models: list[nn.Module]) -> Ensemble:
    """The mean of the members' logits for the filtered image."""
    return Ensemble(Preprocessed(MedianFilter(WINDOW), model) for model in models)


def guarded(ensemble: nn.Module) -> Consistency:
    """The ensemble with a detector that checks whether its answer stays the same when the image is smoothed further."""
    return Consistency(ensemble, [MedianFilter(SECOND_WINDOW)])


def others(index: Tensor) -> Tensor:
    """Clean test images that are not among those attacked."""
    whole = mnist("test")
    free = torch.ones(len(whole), dtype=torch.bool)
    free[index] = False
    rest = whole.images[free]
    return rest[torch.randperm(len(rest), generator=fresh_generator())[:CALIBRATION]]


@measurement(trainings=members_only)
def stack(profile: Profile) -> Result:
    """Accuracy of each layer and of the whole stack, under attacks that know one member, one layer, and the whole."""
    test = chosen(profile)
    x, y, index = test.images, test.labels, indices(len(test))
    if len(test) > len(mnist("test")) - CALIBRATION:  # the full profile: some images are needed for the limit
        x, y, index = x[CALIBRATION:], y[CALIBRATION:], index[CALIBRATION:]
    models = list(members(profile).values())
    plain, ensemble = Ensemble(models), filtered(models)
    detector = guarded(ensemble)
    limit = threshold(judged(detector, others(index))[1], FALSE_POSITIVES)
    # The same function, built from members that are fast under attack; every verdict is the detector's own.
    opened = Guarded(guarded(ensemble.through()), limit)
    attacked = {
        "clean": x,
        "FGSM on one member": fgsm(models[0], x, y, EPSILON),
        "PGD on one member": by_steps(models[0], x, y, EPSILON),
        "PGD on the mean": by_steps(plain.through(), x, y, EPSILON),
        "PGD through the filter": by_steps(ensemble.through(), x, y, EPSILON),
        "attack on the stack": evading_pgd(opened, x, y, EPSILON, generator=fresh_generator(), steps=STEPS),
    }
    found: Result = {"n": len(y), "epsilon": EPSILON, "limit": limit, "steps": STEPS, "under": {}}
    columns, verdicts = ["index", "label"], [index, y]
    for name, images in attacked.items():
        logits, scores = judged(detector, images)
        right, flagged = logits.argmax(1) == y, scores > limit
        found["under"][name] = {
            "one member": share(predict(models[0], images) == y),
            "ensemble": share(predict(plain, images) == y),
            "filter and ensemble": share(right),
            "flagged": share(flagged),
            "stack": accuracy_after_rejection(right, flagged).to_json(),
        }
        columns += [f"{name}: right", f"{name}: flagged"]
        verdicts += [right.long(), flagged.long()]
    kept, flagged = verdicts[2].bool(), verdicts[3].bool()
    found["clean right and not flagged"] = share(kept & ~flagged)
    return found | {"evidence": {"columns": columns, "images": torch.stack(verdicts, 1).tolist()}}
