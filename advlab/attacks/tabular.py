"""An attack on rows of a table whose changes must be feasible: columns may be fixed, whole-numbered or one-directional.

The constraints are those that Cartella et al. 2021 (arXiv 2101.08030) put on transactions: who may edit what, and which
values the table can hold. The search is greedy, one column a round, and queries only scores, so it attacks trees as
well as networks. Threat model: black box with scores; the norm is the number of columns changed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor

Change = Literal["fixed", "any", "up", "down"]
#: Function from rows [n, columns] to the suspicion of each row, which the attacker wants low.
Score = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Column:
    """What an attacker may do to one column: which values it holds, and in which direction it may change.

    Args:
        name: for messages and tables.
        low: the smallest value, in the column's own unit; below `high`.
        high: the largest value.
        change: "fixed", "any", "up" (may only rise) or "down" (may only fall).
        whole: True: the column holds whole numbers only.

    Raises:
        ValueError: `low` is not below `high`; an unknown `change`; a whole column whose ends are not whole numbers.

    Source: Cartella et al. 2021 (arXiv 2101.08030).
    """

    name: str
    low: float
    high: float
    change: Change = "any"
    whole: bool = False

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"column {self.name!r}: low must lie below high, got {self.low} and {self.high}")
        if self.change not in ("fixed", "any", "up", "down"):
            raise ValueError(f"column {self.name!r}: change must be fixed, any, up or down, got {self.change!r}")
        if self.whole and not (float(self.low).is_integer() and float(self.high).is_integer()):
            raise ValueError(f"column {self.name!r}: low and high must be whole, got {self.low} and {self.high}")


def feasible(
    rows: Float[Tensor, "n columns"], changed: Float[Tensor, "n columns"], columns: Sequence[Column]
) -> Bool[Tensor, " n"]:
    """Mask of changed rows that an attacker could have made from the original rows; exact, without tolerance.

    Args:
        rows: `[n, columns]`, the originals, in the columns' own units.
        changed: `[n, columns]`, the rows after the attack.
        columns: one description for each column.

    Raises:
        ValueError: `rows`, `changed` and `columns` do not fit each other.

    Source: Cartella et al. 2021 (arXiv 2101.08030).
    """
    if changed.shape != rows.shape or rows.ndim != 2 or rows.shape[1] != len(columns):
        raise ValueError(
            f"rows and changed must be [n, {len(columns)}] for {len(columns)} columns, "
            f"got {list(rows.shape)} and {list(changed.shape)}"
        )
    good = torch.ones(len(rows), dtype=torch.bool)
    for number, column in enumerate(columns):
        before, after = rows[:, number], changed[:, number]
        same = after == before
        if column.change == "fixed":
            good &= same
            continue
        allowed = (after >= column.low) & (after <= column.high)
        if column.whole:
            allowed &= after == after.round()
        if column.change == "up":
            allowed &= after >= before
        if column.change == "down":
            allowed &= after <= before
        good &= same | allowed  # an unchanged value is always feasible, even out of range
    return good


def candidates(column: Column, values: int) -> Float[Tensor, " k"]:
    """The values that are tried for a column: all whole numbers where there are few, otherwise evenly spaced ones.

    Args:
        column: gives the range and whether values are whole.
        values: the largest number of values, at least 2.

    Returns:
        `[k]`, in float64, ascending, both ends of the range included.

    Source: advlab's own: a grid for the greedy search.
    """
    if column.whole and column.high - column.low + 1 <= values:
        return torch.arange(column.low, column.high + 1, dtype=torch.float64)
    spread = torch.linspace(column.low, column.high, values, dtype=torch.float64)
    return spread.round().unique() if column.whole else spread


def tabular(
    score: Score,
    rows: Float[Tensor, "n columns"],
    columns: Sequence[Column],
    *,
    changes: int,
    values: int = 25,
) -> Float[Tensor, "n columns"]:
    """Lowers the score of each row by changing at most `changes` columns, greedily, to feasible values.

    Each round changes the column that lowers the score most. If the score is a sum over columns, no choice of columns
    and candidates is better; otherwise this is a heuristic, and its success a lower bound of what an attacker can
    reach.

    Args:
        score: takes rows `[n, columns]`, returns `[n]`, the suspicion of each; called up to `values` times for each
            column in each round.
        rows: `[n, columns]`, in the columns' own units, in float64; left unchanged.
        columns: what may be done to each column.
        changes: the largest number of columns changed in a row, at least 1.
        values: number of values tried for a column, both ends included, at least 2.

    Returns:
        `[n, columns]`, rows that are feasible for `columns`; no row's score is higher than before.

    Raises:
        ValueError: there are no columns; rows do not fit them or are not finite; `changes` is below 1 or `values` below
            2; the score is not one finite number for each row.
        TypeError: rows are not in float64, which whole numbers and range ends need to stay exact.

    Source: Cartella et al. 2021 (arXiv 2101.08030) for the constraints; the greedy search is advlab's own.
    """
    _check(rows, columns, changes, values)
    found, lowest = rows.clone(), _asked(score, rows)
    used = torch.zeros(rows.shape, dtype=torch.bool)
    for _ in range(changes):
        best, at, to = lowest.clone(), torch.full((len(rows),), -1), torch.zeros_like(lowest)
        for number, column in enumerate(columns):
            if column.change == "fixed":
                continue
            for value in candidates(column, values):
                tried = found.clone()
                tried[:, number] = value
                ahead = _asked(score, tried)
                better = feasible(rows, tried, columns) & ~used[:, number] & (ahead < best)
                best[better], at[better], to[better] = ahead[better], number, value
        moved = at >= 0
        found[moved, at[moved]] = to[moved]
        used[moved, at[moved]] = True
        lowest = best
    return found


def _asked(score: Score, rows: Tensor) -> Tensor:
    answer = score(rows)
    if not isinstance(answer, Tensor) or answer.shape != rows.shape[:1] or not answer.isfinite().all():
        raise ValueError("score must return one finite number for each row")
    return answer.detach().double()


def _check(rows: object, columns: Sequence[Column], changes: object, values: object) -> None:
    if not isinstance(rows, Tensor) or rows.dtype != torch.float64:
        kind = rows.dtype if isinstance(rows, Tensor) else type(rows).__name__
        raise TypeError(f"rows must be a tensor in float64, got {kind}")
    if not columns or rows.ndim != 2 or rows.shape[1] != len(columns) or len(rows) == 0:
        raise ValueError(f"rows must be [n, {len(columns)}], one column for each description, got {list(rows.shape)}")
    if not rows.isfinite().all():
        raise ValueError("rows hold NaN or infinity")
    for name, given, least in (("changes", changes, 1), ("values", values, 2)):
        if isinstance(given, bool) or not isinstance(given, int) or given < least:
            raise ValueError(f"{name} must be a whole number of at least {least}, got {given!r}")
