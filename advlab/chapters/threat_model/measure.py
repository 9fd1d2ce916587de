"""What attacks need, found by withholding it: the same network behind four doors, five attacks at each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from advlab import zoo
from advlab.attacks import fgsm, hopskipjump, pgd, square, transfer
from advlab.attacks.ball import lengths
from advlab.data import Dataset, indices, subset
from advlab.engine.cache.computation import Computation
from advlab.engine.cache.profile import Profile
from advlab.engine.cache.progress import report
from advlab.engine.chapter import measurement
from advlab.evaluation import Proportion, predict

IMAGES = 60
#: In pixel units, L-infinity, untargeted.
EPSILON = 0.2
STEPS, SCORE_QUERIES, DECISION_QUERIES = 20, 400, 600
SEED = 1002
#: Tolerance for float32 rounding: it decides whether the image that HopSkipJump finds is near enough.
ROUNDING = 1e-6

Open = Literal["full model", "scores", "decisions", "nothing"]
DOORS: tuple[Open, ...] = get_args(Open)
Result = dict[str, Any]


class Shut(RuntimeError):
    """Raised when an attack asks for what the door withholds."""


class Door(nn.Module):
    """A network with limited access: gradients and scores, scores only, the class alone, or nothing."""

    def __init__(self, model: nn.Module, opened: Open) -> None:
        super().__init__()
        self.model = model
        self.opened = opened

    def forward(self, images: Tensor) -> Tensor:
        """Logits as far as the door lets them through. Raises Shut where it lets nothing through."""
        if self.opened == "nothing":
            raise Shut("this network answers nobody")
        logits: Tensor = self.model(images)
        if self.opened == "full model":
            return logits
        if self.opened == "scores":
            return logits.detach()
        return F.one_hot(logits.argmax(1), logits.shape[1]).to(logits.dtype)


def fresh_generator() -> torch.Generator:
    """A new generator with the page's seed, for each attack."""
    return torch.Generator().manual_seed(SEED)


def attacks(own: nn.Module) -> dict[str, Callable[[nn.Module, Tensor, Tensor], Tensor]]:
    """The attacks by name, from the one that needs most to the one that needs nothing; `own` is the proxy."""

    def by_steps(model: nn.Module, images: Tensor, labels: Tensor, epsilon: float = EPSILON) -> Tensor:
        return pgd(model, images, labels, epsilon, generator=fresh_generator(), steps=STEPS)

    return {
        "FGSM": lambda model, images, labels: fgsm(model, images, labels, EPSILON),
        "PGD": by_steps,
        "Square": lambda model, images, labels: square(
            model, images, labels, EPSILON, generator=fresh_generator(), queries=SCORE_QUERIES
        ),
        "HopSkipJump": lambda model, images, labels: hopskipjump(
            model, images, labels, generator=fresh_generator(), norm="Linf", queries=DECISION_QUERIES
        ),
        "transfer": lambda model, images, labels: transfer(
            model, images, labels, EPSILON, surrogate=own, attack=by_steps
        ),
    }


def behind(model: nn.Module, own: nn.Module, test: Dataset) -> Result:
    """Accuracy of `model` for each attack and door, or None where the attack cannot run at all."""
    found: Result = {}
    for done, (name, attack) in enumerate(attacks(own).items()):
        found[name] = {}
        for opened in DOORS:
            try:
                images = attack(Door(model, opened), test.images, test.labels)
            except RuntimeError as problem:
                # Autograd's message for a tensor without history; any other error is not a finding.
                if not isinstance(problem, Shut) and "does not require grad" not in str(problem):
                    raise
                found[name][opened] = None
                continue
            near = lengths(images - test.images, "Linf") <= EPSILON + ROUNDING
            broken = near & (predict(model, images) != test.labels)
            # Images misread before any attack need none.
            right = (predict(model, test.images) == test.labels) & ~broken
            found[name][opened] = Proportion(int(right.sum()), len(test)).to_json() | {
                "verdicts": right.long().tolist()
            }
        report(done + 1, 5, "attacks behind doors")
    return found


def two_networks(profile: Profile) -> list[Computation]:
    """The trainings of the network behind the doors and of the attacker's own."""
    recipe = zoo.for_profile(zoo.STANDARD, profile)
    return [zoo.training(recipe, seed) for seed in (0, 1)]


@measurement(trainings=two_networks)
def doors(profile: Profile) -> Result:
    """Accuracy of the standard model behind each door, under each attack."""
    recipe = zoo.for_profile(zoo.STANDARD, profile)
    model, own = (zoo.trained(recipe, seed) for seed in (0, 1))
    test = subset(min(IMAGES, profile.slow_images) if profile.slow_images <= 1000 else profile.slow_images)
    left = behind(model, own, test)
    clean = predict(model, test.images) == test.labels
    columns, verdicts = ["index", "label", "clean"], [indices(len(test)).tolist(), test.labels.tolist()]
    verdicts.append(clean.long().tolist())
    for name, row in left.items():
        for opened, one in row.items():
            if one is not None:
                columns.append(f"{name}, {opened}")
                verdicts.append(one.pop("verdicts"))
    return {
        "n": len(test),
        "epsilon": EPSILON,
        "clean": Proportion(int(clean.sum()), len(test)).to_json(),
        "left": left,
        "evidence": {"columns": columns, "images": [list(row) for row in zip(*verdicts, strict=True)]},
    }
