"""The robust accuracy between two bounds: AutoAttack's accuracy from above, the certificate from below."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from advlab.attacks import autoattack, pgd, random_noise
from advlab.attacks.losses import margin
from advlab.attacks.until_broken import pgd_until_broken
from advlab.chapters.intervals.measure import EPSILONS, Result, certifiable, chosen, of_certified, share
from advlab.data import Dataset
from advlab.defenses.bounds import certified
from advlab.engine.cache.profile import Profile
from advlab.engine.chapter import measurement
from advlab.evaluation import predict

#: AutoAttack tests one in this many proved images, at the epsilon where they are proved.
EVERY = 50
#: Steps and restarts of PGD on every proved image.
STEPS, RESTARTS = 40, 2
#: The epsilons at which proofs are tested.
TESTED = (0.1, 0.3)
SEED = 1810


def fresh_generator() -> torch.Generator:
    """A new generator with the page's seed, for each attack."""
    return torch.Generator().manual_seed(SEED)


@measurement(trainings=of_certified)
def between(profile: Profile) -> Result:
    """The share proved and the share that AutoAttack leaves at each epsilon, on the same images."""
    (test, index), model = chosen(profile), certifiable(profile)
    right = predict(model, test.images) == test.labels
    found: Result = {"clean": share(right), "at": {}, "n": len(test)}
    columns, names = [index, test.labels, right], ["index", "label", "right: clean"]
    for epsilon in EPSILONS:
        proof = certified(model, test.images, test.labels, epsilon)
        right = survivors(model, test, epsilon, right, proof)
        columns += [proof, right]
        names += [f"proved: {epsilon:g}", f"right: {epsilon:g}"]
        found["at"][f"{epsilon:g}"] = {
            "proved": share(proof),
            "AutoAttack": share(right),
            "unknown": share(right & ~proof),
            "broken proofs": int((proof & ~right).sum()),
        }
    rows = torch.stack([column.long() for column in columns], dim=1).tolist()
    return found | {"evidence": {"columns": names, "images": rows}}


def survivors(model: nn.Module, test: Dataset, epsilon: float, before: Tensor, proof: Tensor) -> Tensor:
    """Mask of the images that stay right under AutoAttack, of those in `before`, right at a smaller epsilon.

    Proved images are not attacked: nothing could be found. Whatever broke one in a smaller ball lies in this one, too.
    """
    right = before.clone()
    open_ = (before & ~proof).nonzero().squeeze(1)
    if len(open_):
        x, y = test.images[open_], test.labels[open_]
        made = autoattack(model, x, y, epsilon, generator=fresh_generator())
        right[open_] = predict(model, made) == y
    return right


@measurement(trainings=of_certified)
def tested(profile: Profile) -> Result:
    """How many proved images break when attacked: all by noise and by PGD on two losses, a sample by AutoAttack."""
    (test, _), model = chosen(profile), certifiable(profile)
    found: Result = {"steps": STEPS, "restarts": RESTARTS, "at": {}}
    for epsilon in TESTED:
        proof = certified(model, test.images, test.labels, epsilon)
        x, y = test.images[proof], test.labels[proof]
        if len(x) == 0:
            found["at"][f"{epsilon:g}"] = {"proved": share(proof), "attacked": 0, "broken": {}}
            continue
        few = slice(0, None, EVERY)
        attacked = {
            "noise": (random_noise(model, x, y, epsilon, generator=fresh_generator()), y),
            "PGD": (pgd(model, x, y, epsilon, generator=fresh_generator(), steps=STEPS), y),
            "PGD, margin": (
                pgd_until_broken(
                    model, x, y, epsilon, generator=fresh_generator(), steps=STEPS, restarts=RESTARTS, loss=margin
                ),
                y,
            ),
            "AutoAttack, sample": (autoattack(model, x[few], y[few], epsilon, generator=fresh_generator()), y[few]),
        }
        found["at"][f"{epsilon:g}"] = {
            "proved": share(proof),
            "attacked": len(x),
            "sampled": len(y[few]),
            "broken": {name: int((predict(model, made) != truth).sum()) for name, (made, truth) in attacked.items()},
        }
    return found
