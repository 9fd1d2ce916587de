"""One attack after another on the same images: what each leaves correctly classified, and what survives all of them."""

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
#: Name of the first rung: the images as they are.
CLEAN = "no attack"
#: An attack on a chunk: (model, images, labels, generator) -> adversarial images.
Attack = Callable[[nn.Module, Tensor, Tensor, torch.Generator], Tensor]
#: Rounding of float32: a change may exceed epsilon by this much and still lie in the ball.
ROUNDING = 1e-6


def withstood(model: nn.Module, found: Tensor, images: Tensor, labels: Tensor, epsilon: float, norm: Norm) -> Tensor:
    """Mask of images that withstood an attack: its result is classified correctly, or lies outside the ball.

    Args:
        model: takes pixels in [0, 1], returns logits.
        found: [batch, *shape], what the attack returned.
        images: [batch, *shape], what it was given.
        labels: [batch], the true classes.
        epsilon: radius of the ball, in pixel units; `ROUNDING` more is tolerated.
        norm: "Linf" or "L2".

    Returns:
        [batch], boolean.

    Raises:
        ValueError: the batch is empty.

    Source: advlab's own: an attack that leaves the ball has not succeeded.
    """
    inside = lengths(found - images, norm) <= epsilon + ROUNDING
    return (predict(model, found) == labels) | ~inside


@dataclass(frozen=True)
class Rung:
    """One attack, and which of the audited images it left correctly classified.

    Args:
        name: of the attack.
        kind: "clean", "control", "white box" or "black box".
        parameters: of the attack, by name.
        right: for each audited image, whether it was attacked and stayed correctly classified.
        tried: the number of images attacked: those correct from the start, or only those that no earlier rung had
            broken. An image that was not attacked counts as wrong.
        seconds: how long it took.

    Source: advlab's own: a record of what was measured.
    """

    name: str
    kind: Kind
    parameters: dict[str, float | int | str]
    right: list[bool]
    tried: int
    seconds: float


@dataclass
class Ladder:
    """The rungs climbed so far on one model. The first rung should be no attack at all.

    After each rung, `standing` marks the images that all rungs left correctly classified, `adversarial` holds each
    image as the first rung that broke it left it, and `broken_by` the name of that rung.

    Args:
        model: takes pixels in [0, 1], returns logits.
        images: [n, *shape], in [0, 1].
        labels: [n], the true classes.
        epsilon: radius of the ball, in pixel units.
        norm: of the ball, "Linf" or "L2".
        seed: of the random starts, the same on every rung.
        planned: the number of rungs to come, for the progress bar.
        rungs: those climbed.

    Source: advlab's own; the worst case is taken for each image, as Carlini et al. 2019 (arXiv 1902.06705) ask.
    """

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
        """Run one attack on all images that are correct without one, or only on the survivors, and add its rung.

        Args:
            name: of the attack.
            kind: "clean", "control", "white box" or "black box".
            attack: `(model, images, labels, generator) -> images`.
            survivors: whether to attack only images that no earlier rung has broken.
            parameters: of the attack, for the report.

        Source: advlab's own: bookkeeping of the worst case of each image.
        """
        began = time.perf_counter()
        clean = torch.tensor(self.rungs[0].right) if self.rungs else torch.ones_like(self.standing)
        tried = (self.standing if survivors else clean).nonzero()[:, 0]
        right = torch.zeros_like(self.standing)
        # The same seed on every rung: all attacks that begin at random points begin at the same ones.
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
        """The rung of this name.

        Raises:
            StopIteration: no rung of this name was climbed.
        """
        return next(rung for rung in self.rungs if rung.name == name)

    def has(self, name: str) -> bool:
        """Whether a rung of this name was climbed."""
        return any(rung.name == name for rung in self.rungs)

    def of(self, name: str) -> list[bool]:
        """For each image, whether the rung of this name left it correctly classified.

        Raises:
            StopIteration: no rung of this name was climbed.
        """
        return self.rung(name).right

    def left_by(self, kind: Kind) -> list[bool]:
        """For each image, whether it stayed correctly classified on every rung of this kind."""
        return [all(each) for each in zip(*(rung.right for rung in self.rungs if rung.kind == kind), strict=True)]
