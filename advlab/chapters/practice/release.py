"""Release thresholds by adversary: examples to adapt, each with the arithmetic behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Decision = Literal["release", "more images", "stop", "no verdict"]
NOISE = "random noise"
WORST = "worst case"


@dataclass(frozen=True)
class Threshold:
    """The accuracy that a use demands of a model, derived from the cost of an error and the loss that can be borne.

    Args:
        use: what the model is used for.
        adversary: who profits from an error, and how.
        counts: the audit figure that is compared with it: "worst case" over all attacks, or "random noise".
        tries: images per year that reach the model under attack (or with noise).
        loss: the loss from one error, in any unit of money, above 0.
        bearable: what errors may cost per year, in the same unit; below `tries * loss`.
        reason: the reason for these figures.
    """

    use: str
    adversary: str
    counts: str
    tries: int
    loss: float
    bearable: float
    reason: str

    def __post_init__(self) -> None:
        if self.counts not in (NOISE, WORST):
            raise ValueError(f"{self.use}: an audit counts {WORST!r} or {NOISE!r}, not {self.counts!r}")
        if not 0 < self.bearable < self.tries * self.loss:
            raise ValueError(f"{self.use}: what can be borne lies between nothing and what all tries could cost")

    @property
    def at_least(self) -> float:
        """The least accuracy at which the expected loss can be borne, in (0, 1)."""
        return 1 - self.bearable / (self.tries * self.loss)


#: Invented, and meant to be argued with. snippets/practice/thresholds.toml is the reader's copy (a test compares them).
THRESHOLDS = (
    Threshold(
        "photo-archive",
        "nobody: an error helps no one",
        NOISE,
        10_000,
        0.01,
        10,
        "a wrong date in an album is mended when it is seen",
    ),
    Threshold(
        "spam-filter",
        "many senders, each try worth next to nothing",
        WORST,
        1_000_000,
        0.001,
        500,
        "other signals stand behind the picture, and users report what slips through",
    ),
    Threshold(
        "cheque-reader",
        "few, paid by each changed amount",
        WORST,
        500,
        1_000,
        100_000,
        "a clerk sees every large amount, so that a loss is limited",
    ),
    Threshold(
        "bank-transfer",
        "few, patient, and paid at once",
        WORST,
        200,
        5_000,
        50_000,
        "money that has left does not come back",
    ),
)


def decide(report: dict[str, Any], threshold: Threshold) -> Decision:
    """Whether the audited model may be released for this use: the interval's lower end must reach the threshold.

    Args:
        report: the parsed output of `advlab audit --json`.
        threshold: the threshold of the use.
    """
    figure = counted(report, threshold)
    severities = {flag["severity"] for flag in report["flags"]}
    if "setup" in severities:
        return "no verdict"
    if figure["high"] < threshold.at_least:
        return "stop"
    if "masked" in severities:
        return "no verdict"
    return "release" if figure["low"] >= threshold.at_least else "more images"


def counted(report: dict[str, Any], threshold: Threshold) -> dict[str, float]:
    """The figure of the report that the threshold is about, with its interval."""
    if threshold.counts == WORST:
        return dict(report["robust"])
    return next(dict(one["accuracy"]) for one in report["attacks"] if one["name"] == threshold.counts)
