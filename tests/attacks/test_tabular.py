import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from advlab.attacks import Column, feasible, tabular
from advlab.attacks.tabular import candidates

KINDS = ("fixed", "any", "up", "down")
SEEDS = st.integers(0, 10**6)


@st.composite
def tables(draw, most=5):
    """Columns of every kind, rows within them, and a generator's seed."""
    seed = draw(SEEDS)
    columns = []
    for number in range(draw(st.integers(1, most))):
        low = draw(st.integers(-5, 5))
        high = low + draw(st.integers(1, 6))
        columns.append(Column(f"c{number}", low, high, draw(st.sampled_from(KINDS)), draw(st.booleans())))
    generator = torch.Generator().manual_seed(seed)
    spread = torch.rand(4, len(columns), generator=generator, dtype=torch.float64)
    rows = torch.stack([one.low + spread[:, k] * (one.high - one.low) for k, one in enumerate(columns)], 1)
    whole = torch.tensor([one.whole for one in columns])
    return columns, torch.where(whole, rows.round(), rows), generator


def tangled(width, generator):
    """A score in which columns act on each other."""
    first = torch.randn(width, 6, generator=generator, dtype=torch.float64)
    second = torch.randn(6, generator=generator, dtype=torch.float64)
    return lambda rows: (rows @ first).sin() @ second


def by_hand(row, changed, columns):
    """What an attacker may do, column by column, in plain Python."""
    for column, before, after in zip(columns, row.tolist(), changed.tolist(), strict=True):
        if after == before:
            continue
        if column.change == "fixed" or not column.low <= after <= column.high:
            return False
        if column.whole and after != int(after):
            return False
        if (column.change == "up" and after < before) or (column.change == "down" and after > before):
            return False
    return True


@given(tables(), st.integers(1, 4))
def test_every_result_is_feasible_and_changes_no_more_than_allowed(table, changes):
    columns, rows, generator = table
    score, before = tangled(len(columns), generator), rows.clone()
    changed = tabular(score, rows, columns, changes=changes, values=7)
    assert all(by_hand(row, new, columns) for row, new in zip(rows, changed, strict=True))
    assert feasible(rows, changed, columns).all()
    assert ((changed != rows).sum(1) <= changes).all()
    assert (score(changed) <= score(rows)).all()
    assert torch.equal(rows, before)


@given(tables(), st.integers(0, 10**6))
def test_feasible_agrees_with_plain_python(table, seed):
    columns, rows, _ = table
    noise = torch.randint(-2, 3, rows.shape, generator=torch.Generator().manual_seed(seed)) / 2
    changed = rows + noise
    assert feasible(rows, changed, columns).tolist() == [
        by_hand(row, new, columns) for row, new in zip(rows, changed, strict=True)
    ]


def exhaustive(score, row, columns, changes, values):
    """The lowest score of all feasible rows that differ in at most so many columns, tried one by one."""
    choices = [[old, *candidates(one, values).tolist()] for old, one in zip(row.tolist(), columns, strict=True)]
    every = torch.tensor(list(itertools.product(*choices)), dtype=torch.float64)
    few = (every != row).sum(1) <= changes
    legal = torch.tensor([by_hand(row, new, columns) for new in every])
    return float(score(every[few & legal]).min())


@given(tables(most=3), st.integers(1, 3))
def test_a_sum_over_columns_is_brought_as_low_as_by_trying_everything(table, changes):
    columns, rows, generator = table
    weights = torch.randn(len(columns), generator=generator, dtype=torch.float64)

    def score(of):
        return (weights * (of + of.cos())).sum(1)

    reached = score(tabular(score, rows, columns, changes=changes, values=5))
    lowest = [exhaustive(score, row, columns, changes, 5) for row in rows]
    torch.testing.assert_close(reached, torch.tensor(lowest, dtype=torch.float64), rtol=0, atol=1e-12)


@given(tables(most=3))
def test_one_change_is_exact_for_any_score(table):
    columns, rows, generator = table
    score = tangled(len(columns), generator)
    reached = score(tabular(score, rows, columns, changes=1, values=5))
    lowest = [exhaustive(score, row, columns, 1, 5) for row in rows]
    torch.testing.assert_close(reached, torch.tensor(lowest, dtype=torch.float64), rtol=0, atol=1e-12)


def test_the_exact_worst_case_of_a_linear_score():
    """Of all columns: each free one at its better end, the others where the rules let it go."""
    columns = [Column("a", 0, 1), Column("b", 0, 10, "up", True), Column("c", 0, 1, "down"), Column("d", 0, 1, "fixed")]
    rows = torch.tensor([[0.5, 4.0, 0.25, 0.75]]).double()
    weights = torch.tensor([1.0, -2.0, -3.0, 5.0]).double()
    changed = tabular(lambda of: of @ weights, rows, columns, changes=4)
    assert changed.tolist() == [[0.0, 10.0, 0.25, 0.75]]


def test_candidates_are_all_whole_numbers_or_spread_with_both_ends():
    assert candidates(Column("hour", 0, 23, whole=True), 25).tolist() == list(range(24))
    few = candidates(Column("age", 0, 3000, whole=True), 7).tolist()
    assert (few[0], few[-1], len(few)) == (0, 3000, 7)
    assert all(value == int(value) for value in few)
    assert candidates(Column("sum", 1, 3), 3).tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        (("x", 1, 1), "low must lie below high"),
        (("x", 0, 1, "sideways"), "change"),
        (("x", 0.5, 2, "any", True), "low and high must be whole"),
    ],
)
def test_columns_that_are_none(given_, message):
    # The types are checked first while the tests run; without them it is the ValueError.
    with pytest.raises((ValueError, TypeError), match=message):
        Column(*given_)


def test_bad_input():
    columns, rows = [Column("a", 0, 1)], torch.zeros(2, 1).double()

    def total(of):
        return of.sum(1)

    with pytest.raises(TypeError, match=r"float64, got torch\.float32"):
        tabular(total, rows.float(), columns, changes=1)
    with pytest.raises(ValueError, match="one column for each description"):
        tabular(total, rows, [*columns, *columns], changes=1)
    with pytest.raises(ValueError, match="NaN"):
        tabular(total, rows * float("nan"), columns, changes=1)
    with pytest.raises(ValueError, match="changes must be a whole number of at least 1"):
        tabular(total, rows, columns, changes=0)
    with pytest.raises(ValueError, match="values must be"):
        tabular(total, rows, columns, changes=1, values=1)
    with pytest.raises(ValueError, match="one finite number for each row"):
        tabular(lambda of: of, rows, columns, changes=1)
    with pytest.raises(ValueError, match="for 2 columns"):
        feasible(rows, rows, [*columns, *columns])
