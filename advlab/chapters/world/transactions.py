"""Payments invented by a rule: the worth of a change in the scaled numbers, and of a change that can be made."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from advlab.attacks.tabular import Column, Score, feasible, tabular
from advlab.engine.cache.profile import Profile
from advlab.engine.cache.progress import report
from advlab.engine.chapter import measurement
from advlab.evaluation import Proportion

#: What a thief may do to each column of a payment. A history only grows; the age of a stolen account, the country of a
#: stolen card and whether the address is its owner's are not the thief's to set.
COLUMNS = (
    Column("account age, days", 0, 3000, "fixed", whole=True),
    Column("card of another country", 0, 1, "fixed", whole=True),
    Column("amount", 1, 5000, "down"),
    Column("items", 1, 20, "any", whole=True),
    Column("hour", 0, 23, "any", whole=True),
    Column("payments today", 0, 12, "up", whole=True),
    Column("address confirmed", 0, 1, "fixed", whole=True),
)
AMOUNT = 2
#: The same columns for a thief who insists on the full sum.
FULL_SUM = tuple(
    replace(column, change="fixed") if number == AMOUNT else column for number, column in enumerate(COLUMNS)
)
TRAIN, TEST = 4000, 8000
#: Honest payments that a detector may stop.
FALSE_ALARMS = 0.02
#: Of each column's range, in the attack that knows no columns.
EPSILON = 0.2
CHANGES = (1, 2)
TREES = 60
SEED = 2021

Result = dict[str, Any]


def payments(n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Rows in the units of `COLUMNS`, and which are fraud. All of it is made up: no bank's data are in it."""

    def drawn() -> Tensor:
        return torch.rand(n, generator=generator, dtype=torch.float64)

    age = (3000 * drawn() ** 2).round()
    abroad = (drawn() < 0.15).double()
    amount = (60 * torch.exp(1.1 * torch.randn(n, generator=generator, dtype=torch.float64))).clamp(1, 5000)
    items = (1 + 19 * drawn() ** 3).round()
    hour = (24 * drawn()).floor()
    today = (-1.2 * drawn().clamp_min(1e-6).log()).floor().clamp_max(12)
    confirmed = (drawn() < 0.7).double()
    night = (hour < 6).double()
    odds = (
        -6.5
        + 1.1 * (amount / 60).log()
        + 1.5 * abroad
        + 1.2 * night * abroad
        + 0.8 * night
        + 0.5 * today
        - 1.6 * confirmed
        - age / 1200
        + 0.08 * items
    )
    fraud = drawn() < torch.sigmoid(2 * odds + 7.5)
    return torch.stack([age, abroad, amount, items, hour, today, confirmed], 1), fraud


def scaled(rows: Tensor) -> Tensor:
    """Every column as a share of its range."""
    low = torch.tensor([column.low for column in COLUMNS], dtype=torch.float64)
    high = torch.tensor([column.high for column in COLUMNS], dtype=torch.float64)
    return (rows - low) / (high - low)


def unscaled(rows: Tensor) -> Tensor:
    """The rows back in the columns' own units."""
    low = torch.tensor([column.low for column in COLUMNS], dtype=torch.float64)
    high = torch.tensor([column.high for column in COLUMNS], dtype=torch.float64)
    return low + rows * (high - low)


def repaired(rows: Tensor, changed: Tensor) -> Tensor:
    """Changed rows with each infeasible number put back to what it was; whole numbers are rounded first."""
    whole = torch.tensor([column.whole for column in COLUMNS])
    mended = torch.where(whole, changed.round(), changed)
    for number in range(len(COLUMNS)):
        alone = rows.clone()
        alone[:, number] = mended[:, number]
        mended[:, number] = torch.where(feasible(rows, alone, COLUMNS), mended[:, number], rows[:, number])
    return mended


@measurement
def transactions(profile: Profile) -> Result:
    """How many stopped frauds pass after each attack, how many of those could be made, and what is left of the sum."""
    del profile  # made up by a rule: the same in every profile
    generator = torch.Generator().manual_seed(SEED)
    train, of_train = payments(TRAIN, generator)
    test, of_test = payments(TEST, generator)
    line = LogisticRegression(max_iter=2000).fit(scaled(train).numpy(), of_train.numpy())
    trees = GradientBoostingClassifier(n_estimators=TREES, random_state=0).fit(scaled(train).numpy(), of_train.numpy())
    weight = torch.from_numpy(line.coef_[0])
    found: Result = {
        "rows": TEST,
        "fraud": Proportion(int(of_test.sum()), TEST).to_json(),
        "epsilon": EPSILON,
        "false alarms": FALSE_ALARMS,
        "detectors": {},
    }
    for done, (name, fitted) in enumerate((("line", line), ("trees", trees))):
        score = scoring(fitted, threshold=0.0)
        limit = float(score(train[~of_train]).quantile(1 - FALSE_ALARMS))
        score = scoring(fitted, limit)
        caught = test[of_test & (score(test) > 0)]
        # Every number moves by the same share of its range, against the sign of its weight; made on the line for both.
        blind = unscaled((scaled(caught) - EPSILON * weight.sign()).clamp(0, 1))
        tried = {"no constraints": blind, "no constraints, then repaired": repaired(caught, blind)}
        tried |= {f"feasible, {k}": tabular(score, caught, COLUMNS, changes=k) for k in CHANGES}
        tried |= {f"full sum, {k}": tabular(score, caught, FULL_SUM, changes=k) for k in CHANGES}
        found["detectors"][name] = {
            "caught": Proportion(len(caught), int(of_test.sum())).to_json(),
            "honest stopped": Proportion(int((score(test[~of_test]) > 0).sum()), int((~of_test).sum())).to_json(),
            "attacks": {kind: outcome(score, caught, rows) for kind, rows in tried.items()},
            "touched": touched(caught, tried[f"full sum, {CHANGES[0]}"]),
        }
        report(done + 1, 2, "payments")
    return found


def scoring(fitted: Any, threshold: float) -> Score:
    """Suspicion in logits above the threshold: above 0 the payment is stopped."""

    def score(rows: Tensor) -> Tensor:
        return torch.from_numpy(fitted.decision_function(scaled(rows).numpy())) - threshold

    return score


def outcome(score: Score, rows: Tensor, changed: Tensor) -> Result:
    """How many pass, how many could be made, how many both; and the median share of the sum that is left of those."""
    passes, can = score(changed) <= 0, feasible(rows, changed, COLUMNS)
    both = passes & can
    kept = (changed[both, AMOUNT] / rows[both, AMOUNT]).median() if both.any() else None
    return {
        "passes": Proportion(int(passes.sum()), len(rows)).to_json(),
        "feasible": Proportion(int(can.sum()), len(rows)).to_json(),
        "both": Proportion(int(both.sum()), len(rows)).to_json(),
        "kept": None if kept is None else float(kept),
    }


def touched(rows: Tensor, changed: Tensor) -> dict[str, float]:
    """For each column the share of rows in which it was changed."""
    shares = (rows != changed).double().mean(0).tolist()
    return {column.name: share for column, share in zip(COLUMNS, shares, strict=True)}
