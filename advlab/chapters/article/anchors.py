"""Published figures and this book's in the nearest setting, as rows that table and figure share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from advlab.chapters.shared.published import published

Result = dict[str, Any]


@dataclass(frozen=True)
class Anchor:
    """One published figure: its key, our nearest setting, and our share with its interval (None for a mean)."""

    source: str
    setting: str
    key: str
    ours: Result | float
    how: str

    @property
    def theirs(self) -> float:
        """The published share."""
        return float(published(self.key)["value"])

    @property
    def value(self) -> float:
        """Our share."""
        return float(self.ours["value"]) if isinstance(self.ours, dict) else self.ours


def anchors(
    shallow: Result, digits: Result, table: Result, between: Result, moved: Result, madry: Result, record: Result
) -> list[Anchor]:
    """All settings in the order of the page; the arguments are the results that they come from."""
    goodfellow, tutorial, challenge = "Goodfellow et al.", "PyTorch's tutorial", "Madry's challenge"
    threes = digits["epsilons"]["0.2"]["accuracy"]
    maxout = between["0.25"]["accuracy"]
    return [
        Anchor(
            goodfellow,
            "linear, ten digits, FGSM 0.25: error",
            "goodfellow_softmax_error",
            shallow["FGSM"]["error"],
            "the same method, our training, not clipped",
        ),
        Anchor(
            goodfellow,
            "the same: mean confidence when wrong",
            "goodfellow_softmax_confidence",
            shallow["FGSM"]["confidence of errors"],
            "as above; it depends on how long one trains",
        ),
        Anchor(
            goodfellow,
            "linear, 3 against 7, FGSM 0.25: error",
            "goodfellow_threes_error",
            turned(threes),
            "at 0.2 already, fewer images, not clipped",
        ),
        Anchor(
            goodfellow,
            "maxout network, FGSM 0.25: error",
            "goodfellow_maxout_error",
            turned(maxout),
            "SimpleCNN, with convolutions and ReLU",
        ),
        *(
            Anchor(
                tutorial,
                f"LeNet-like, FGSM {epsilon}: accuracy",
                f"tutorial_fgsm_{epsilon}",
                (table | between)[epsilon]["accuracy"],
                "SimpleCNN, other training",
            )
            for epsilon in ("0.05", "0.1", "0.15", "0.2", "0.25", "0.3")
        ),
        Anchor(
            "NSL's tutorial",
            "base network, FGSM 0.2: accuracy",
            "nsl_base",
            moved["source, FGSM on itself"],
            "SimpleCNN",
        ),
        Anchor(
            "NSL's tutorial",
            "trained network, on images of the base: accuracy",
            "nsl_transfer",
            moved["FGSM on the source"],
            "trained on FGSM at 0.3 alone, another network",
        ),
        Anchor(challenge, "FGSM 0.3: accuracy", "madry_fgsm", madry["FGSM"], "our challenge's network"),
        Anchor(
            challenge,
            "PGD, 100 steps: accuracy",
            "madry_pgd",
            madry["PGD"],
            "our challenge's network",
        ),
        Anchor(
            challenge,
            "the same, 50 restarts: accuracy",
            "madry_restarts",
            madry["PGD, restarts"],
            f"{madry['restarts']} restarts",
        ),
        Anchor(
            challenge,
            "best of all attacks: accuracy",
            "madry_best",
            record["best"],
            "AutoAttack, recorded, not of this build",
        ),
    ]


def turned(accuracy: Result) -> Result:
    """The error rate that an accuracy leaves, with its interval."""
    return accuracy | {"value": 1 - accuracy["value"], "low": 1 - accuracy["high"], "high": 1 - accuracy["low"]}
