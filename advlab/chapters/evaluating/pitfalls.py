"""The pitfalls side by side: the figure reported for a model and the figure that is true."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Result = dict[str, Any]


@dataclass(frozen=True)
class Pitfall:
    """One row: the fault, and how the naive and the honest figure came about, each an accuracy with its interval."""

    name: str
    naive_way: str
    naive: Result
    honest_way: str
    honest: Result
    epsilon: float


def pitfalls(
    masked: Result, rounding: Result, dropping: Result, outputs: Result, search: Result, restarts: Result
) -> list[Pitfall]:
    """The rows in the order of the page: the model's faults, then those of the search, then those of the counting."""
    large, small = masked["epsilon"], search["epsilon"]
    some, all_ = f"PGD, {search['few']} small steps", f"PGD, {search['steps']} steps"
    return [
        Pitfall("masked gradients", "FGSM", masked["FGSM"], "PGD on the margin", masked["PGD, margin"], large),
        Pitfall(
            "rounded input",
            "FGSM",
            rounding["FGSM"],
            "PGD, straight through",
            rounding["PGD, straight through"],
            rounding["epsilon"],
        ),
        Pitfall(
            "random layer",
            "FGSM, one draw",
            dropping["FGSM, one draw"],
            f"FGSM, mean of {dropping['draws']}",
            dropping["FGSM, mean of draws"],
            dropping["epsilon"],
        ),
        Pitfall(
            "softmax output",
            "PGD on probabilities",
            outputs["PGD on probabilities"],
            "PGD on logits",
            outputs["PGD on logits"],
            outputs["epsilon"],
        ),
        Pitfall(
            "train mode left on",
            "PGD with dropout",
            outputs["PGD in train mode"],
            "PGD, eval mode",
            outputs["PGD on logits"],
            outputs["epsilon"],
        ),
        Pitfall(
            "wrong unit", "PGD, ε in normalised units", search["normalised epsilon"], all_, search["many steps"], small
        ),
        Pitfall("too few steps", some, search["few steps"], all_, search["many steps"], small),
        Pitfall(
            "restart luck",
            "best of the restarts",
            restarts["best"],
            "worst for each image",
            restarts["per example"],
            small,
        ),
        Pitfall(
            "worst per batch",
            "worst restart a batch",
            restarts["per batch"],
            "worst for each image",
            restarts["per example"],
            small,
        ),
        Pitfall(
            "other denominator",
            "of those right before",
            dropping["of those right before"],
            "of all images",
            dropping["FGSM, mean of draws"],
            dropping["epsilon"],
        ),
    ]
