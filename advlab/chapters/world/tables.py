"""The tables of the page on the world."""

from __future__ import annotations

from typing import Any

from advlab.chapters.shared.cells import percent, with_interval
from advlab.chapters.world.diagnosis import diagnosis
from advlab.chapters.world.glasses import glasses
from advlab.chapters.world.transactions import CHANGES, COLUMNS, transactions
from advlab.engine.chapter import Table, table

Result = dict[str, Any]
FRAMES = (
    "clean",
    "black",
    "grey",
    "white",
    "noise",
    "untargeted",
    "targeted",
    "slipped, untargeted",
    "slipped, targeted",
)
#: How a result's attack is called on the page.
ATTACKS = {
    "no constraints": "every number",
    "no constraints, then repaired": "then repaired",
    **{f"feasible, {k}": f"feasible, {k} changed" for k in CHANGES},
    **{f"full sum, {k}": f"full sum, {k} changed" for k in CHANGES},
}


@table(glasses)
def frames(result: Result) -> Table:
    """Every kind of frame on both networks."""
    rows = []
    models = [result["models"][name] for name in ("standard", "robust")]  # a stored result has its keys sorted
    for kind in FRAMES:
        cells = [with_interval(model["right"][kind]) for model in models]
        wanted = [with_interval(model["as wanted"][kind]) if kind in model["as wanted"] else "" for model in models]
        rows.append(["no frame" if kind == "clean" else kind, cells[0], wanted[0], cells[1], wanted[1]])
    return Table(
        ["frame", "standard: right", "as the next digit", "robust: right", "as the next digit"],
        rows,
        f"The share still read right, and the share read as the next digit, which targeted frames ask for; 95% Wilson "
        f"intervals, n = {result['n']:,}. White box, digital; only the {percent(result['area'])} of the pixels under "
        f"the frame may change, to any value; {result['steps']} steps. Slipped: the same frame, one pixel aside. "
        "Robust: trained against small changes of all pixels.",
        "lrrrr",
    )


@table(diagnosis)
def patient(result: Result) -> Table:
    """The features that decide most for one row, before and after."""
    one = result["patient"]
    return Table(
        ["feature", "measured", "after the attack", "part of the change in the answer"],
        [
            [row["feature"], f"{row['before']:.4g}", f"{row['after']:.4g}", percent(row["share"])]
            for row in one["features"]
        ],
        f"One malignant row of the test part, the median of those caught: the {len(one['features'])} features that "
        f"count most of {one['of']}, before and after the smallest change that the linear reader takes for benign. "
        f"Every feature moves by {percent(one['epsilon'])} of its range in the training rows (L-infinity, targeted, "
        "white box, digital).",
        "lrrr",
    )


@table(transactions)
def columns(result: Result) -> Table:
    """What a thief may do to each column, and how often the search used it."""
    words = {"fixed": "nothing", "any": "anything", "up": "raise it", "down": "lower it"}
    detectors = result["detectors"]
    return Table(
        ["column", "holds", "a thief may", *(f"{name}: used" for name in detectors)],
        [
            [
                column.name,
                "whole numbers" if column.whole else "any number",
                words[column.change],
                *(percent(one["touched"][column.name]) for one in detectors.values()),
            ]
            for column in COLUMNS
        ],
        "The columns of the made-up payments. Used: the share of stopped frauds in which the search for one change at "
        "the full sum moved this column.",
        "lllrr",
    )


@table(transactions)
def passed(result: Result) -> Table:
    """How many stopped frauds pass after each attack."""
    detectors = result["detectors"]
    rows = []
    for kind, words in ATTACKS.items():
        for name, one in detectors.items():
            got = one["attacks"][kind]
            kept = "" if got["kept"] is None else percent(got["kept"])
            rows.append([words, name, percent(got["passes"]["value"]), with_interval(got["both"]), kept])
    counts = ", ".join(f"{one['caught']['count']} by the {name}" for name, one in detectors.items())
    return Table(
        ["attack", "detector", "pass", "pass, feasible", "sum left"],
        rows,
        f"Of the frauds that each detector stopped ({counts}; {result['rows']:,} payments), the share that passes "
        f"after the attack; 95% Wilson intervals. Every number: moved by {percent(result['epsilon'])} of each column's "
        "range, white box on the line, carried over to the trees; repaired: what cannot be is put back. Feasible: "
        "scores only, so many columns changed; full sum: the amount is not one of them. Sum left: the median share of "
        "the amount, of those that pass and are feasible. "
        f"Each detector's limit stops {percent(result['false alarms'])} of the honest payments that it was set on.",
        "llrrr",
    )
