"""The result of an audit as data: the accuracies, the flags, the verdict, and all that is needed to repeat it."""

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import torch

from advlab.audit.flag import Flag
from advlab.audit.rungs import CLEAN
from advlab.evaluation import Proportion
from advlab.threat import ThreatModel
from advlab.verify import Examples

Verdict = Literal["trusted", "at least", "below", "no verdict"]
#: The exit status that each verdict has on the command line.
STATUS: dict[Verdict, int] = {"trusted": 0, "at least": 0, "below": 1, "no verdict": 2}


@dataclass(frozen=True)
class Attacked:
    """One row of the table: what is left after one attack.

    Args:
        name: of the attack.
        kind: "clean", "control", "white box" or "black box".
        parameters: of the attack, by name.
        accuracy: the proportion of all audited images that it left classified correctly.
        tried: the number of images that it attacked, of those classified correctly without an attack.
        seconds: how long it took.

    Source: advlab's own: a record of what was measured.
    """

    name: str
    kind: str
    parameters: dict[str, float | int | str]
    accuracy: Proportion
    tried: int
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """All fields, the accuracy with its interval."""
        return {**asdict(self), "accuracy": self.accuracy.to_json()}


@dataclass(frozen=True)
class Audit:
    """The result of an audit.

    Args:
        model: the audited model: name, class, number of parameters, number of classes.
        data: where the images came from, how many, their shape and checksum.
        epsilon: radius of the ball, in pixel units.
        norm: of the ball, "Linf" or "L2".
        seed: of everything random.
        quick: whether fewer images and weaker attacks were asked for.
        at_least: the robust accuracy that was required, in [0, 1]; None if none was.
        clean: accuracy without an attack.
        robust: accuracy in the worst case of each image over all attacks; an upper bound.
        attacks: all attacks, in the order in which they ran.
        curve: pairs of an epsilon and the accuracy under PGD there.
        flags: the signs seen, the most serious first.
        examples: each image as changed by the first attack that broke it; unchanged where none did.
        broken_by: for each image the name of that attack; "" if none broke it, "no attack" if it was misclassified at
            once.
        versions: of the packages involved.
        machine: what it ran on.
        date: when, in UTC.
        seconds: how long it took.

    Source: advlab's own: a record of what was measured.
    """

    model: dict[str, Any]
    data: dict[str, Any]
    epsilon: float
    norm: Literal["Linf", "L2"]
    seed: int
    quick: bool
    at_least: float | None
    clean: Proportion
    robust: Proportion
    attacks: tuple[Attacked, ...]
    curve: tuple[tuple[float, Proportion], ...]
    flags: tuple[Flag, ...]
    examples: Examples
    broken_by: tuple[str, ...]
    versions: dict[str, str]
    machine: dict[str, Any]
    date: str
    seconds: float

    @property
    def trusted(self) -> bool:
        """Whether no sign was seen that makes the evaluation unreliable."""
        return all(flag.severity == "note" for flag in self.flags)

    @property
    def verdict(self) -> Verdict:
        """Conclusion that the results allow.

        An attack that succeeded has succeeded, whatever hides the gradient: an accuracy below `at_least` stays below.
        Only if the measured model was not the one that was meant, not even this can be concluded.
        """
        measured = all(flag.severity != "setup" for flag in self.flags)
        if self.at_least is not None and measured and self.robust.value < self.at_least:
            return "below"
        if not self.trusted:
            return "no verdict"
        return "trusted" if self.at_least is None else "at least"

    @property
    def exit_status(self) -> int:
        """0 if robust accuracy is at least `at_least` (or can be trusted), 1 if it is below, 2 without a verdict."""
        return STATUS[self.verdict]

    def broken(self) -> Examples:
        """Images classified correctly without an attack and misclassified after one: input of `advlab verify`."""
        found = torch.tensor([name not in ("", CLEAN) for name in self.broken_by])
        all_of_them = self.examples
        return replace(
            all_of_them,
            images=all_of_them.images[found],
            adversarial=all_of_them.adversarial[found],
            labels=all_of_them.labels[found],
            index=all_of_them.index[found],
        )

    @property
    def threat_models(self) -> tuple[ThreatModel, ThreatModel]:
        """The two attackers that the attacks represent."""
        white = ThreatModel(self.norm, self.epsilon)
        return white, ThreatModel(self.norm, self.epsilon, knowledge="black box", access="inference API")

    def to_json(self) -> dict[str, Any]:
        """All fields and the verdict as plain JSON."""
        threats = [{"description": str(one), "identifiers": one.identifiers} for one in self.threat_models]
        return {
            "verdict": self.verdict,
            "exit_status": self.exit_status,
            "model": self.model,
            "data": self.data,
            "threat_models": threats,
            "epsilon": self.epsilon,
            "norm": self.norm,
            "at_least": self.at_least,
            "clean": self.clean.to_json(),
            "robust": self.robust.to_json(),
            "attacks": [attacked.to_json() for attacked in self.attacks],
            "curve": [{"epsilon": size, "accuracy": accuracy.to_json()} for size, accuracy in self.curve],
            "flags": [asdict(flag) for flag in self.flags],
            "seed": self.seed,
            "quick": self.quick,
            "versions": self.versions,
            "machine": self.machine,
            "date": self.date,
            "seconds": self.seconds,
            "images": [
                {"index": index, "label": label, "broken_by": name}
                for index, label, name in zip(
                    self.examples.index.tolist(), self.examples.labels.tolist(), self.broken_by, strict=True
                )
            ],
        }
