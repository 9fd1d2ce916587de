"""One attack after another on the same images: what each leaves right, and what is still standing after all of them."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor, nn

from advlab.attacks.ball import Norm, lengths
from advlab.engine.cache.progress import report
from advlab.models.inference import CHUNK, predict

Kind = Literal["clean", "control", "white box", "black box"]
#: The first rung: the images as they are.
CLEAN = "no attack"
#: Adversarial images of a chunk: (model, images, labels, generator) -> images.
Attack = Callable[[nn.Module, Tensor, Tensor, torch.Generator], Tensor]
#: Rounding of float32: a change may exceed epsilon by this much and still lie in the ball.
ROUNDING = 1e-6


def withstood(model: nn.Module, found: Tensor, images: Tensor, labels: Tensor, epsilon: float, norm: Norm) -> Tensor:
    """Which images an attack left right: what it found is classified right, or lies too far away to count."""
    inside = lengths(found - images, norm) <= epsilon + ROUNDING
    return (predict(model, found) == labels) | ~inside


@dataclass(frozen=True)
class Rung:
    """One attack: which of the audited images it leaves right.

    `tried` images were attacked: those right from the start, or only those that no rung before had broken. An image
    that was not tried counts as wrong.
    """

    name: str
    kind: Kind
    parameters: dict[str, float | int | str]
    right: list[bool]
    tried: int
    seconds: float


@dataclass
class Ladder:
    """The rungs climbed so far on one model. The first of them should be no attack at all."""

    model: nn.Module
    images: Tensor
    labels: Tensor
    epsilon: float
    norm: Norm
    seed: int
    planned: int
    rungs: list[Rung] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.standing = torch.ones(len(self.images), dtype=torch.bool)
        self.adversarial = self.images.clone()
        self.broken_by = [""] * len(self.images)

    def climb(
        self, name: str, kind: Kind, attack: Attack, survivors: bool = False, **parameters: float | int | str
    ) -> None:
        """Runs one attack on all images that are right without one, or only on those still standing."""
        began = time.perf_counter()
        clean = torch.tensor(self.rungs[0].right) if self.rungs else torch.ones_like(self.standing)
        tried = (self.standing if survivors else clean).nonzero()[:, 0]
        right = torch.zeros_like(self.standing)
        # The same seed on every rung: two attacks that begin at random points begin at the same ones.
        generator = torch.Generator().manual_seed(self.seed)
        for chunk in tried.split(CHUNK) if len(tried) else ():
            report(len(self.rungs) + int(chunk[0]) / len(self.images), self.planned, name)
            images, labels = self.images[chunk], self.labels[chunk]
            found = attack(self.model, images, labels, generator)
            right[chunk] = withstood(self.model, found, images, labels, self.epsilon, self.norm)
            fresh = self.standing[chunk] & ~right[chunk]
            self.adversarial[chunk[fresh]] = found[fresh]
            for index in chunk[fresh].tolist():
                self.broken_by[index] = name
        self.standing &= right
        self.rungs.append(Rung(name, kind, parameters, right.tolist(), len(tried), time.perf_counter() - began))

    def rung(self, name: str) -> Rung:
        """The rung of this name. Raises StopIteration where it was not climbed."""
        return next(rung for rung in self.rungs if rung.name == name)

    def has(self, name: str) -> bool:
        """Whether the rung of this name was climbed."""
        return any(rung.name == name for rung in self.rungs)

    def of(self, name: str) -> list[bool]:
        """What the rung of this name left right."""
        return self.rung(name).right

    def left_by(self, kind: Kind) -> list[bool]:
        """What all rungs of one kind together left right: the worst case of each image over them."""
        return [all(each) for each in zip(*(rung.right for rung in self.rungs if rung.kind == kind), strict=True)]
