"""What the page on black-box attacks claims about its results."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from advlab.chapters.black_box.between import ROBUST, by_fgsm, by_pgd
from advlab.chapters.black_box.queries import BUDGETS, by_decisions, by_scores
from advlab.chapters.black_box.tables import OWN, VICTIM
from advlab.engine.chapter import claim

Result = dict[str, Any]
#: A p-value below this is not put down to chance.
NO_ACCIDENT = 0.001


def standard(result: Result) -> list[str]:
    """The networks of the standard recipe."""
    return [name for name in result["made on"] if name != ROBUST]


@claim(by_scores)
def scores_are_enough(result: Result) -> bool:
    """At epsilon 0.3 Square breaks at least nine images in ten within its budget."""
    row = result["epsilons"]["0.3"]["broken within"]
    return bool(row[str(result["queries"])]["value"] >= 0.9)


@claim(by_scores)
def budget_runs_out(result: Result) -> bool:
    """At epsilon 0.1 Square breaks fewer than half of the images within its budget."""
    return bool(result["epsilons"]["0.1"]["broken within"][str(result["queries"])]["value"] < 0.5)


@claim(by_scores)
def more_room_is_cheaper(result: Result) -> bool:
    """From ten queries on, the larger epsilon is, the more images Square breaks within the same number of queries."""
    rows = [result["epsilons"][epsilon]["broken within"] for epsilon in sorted(result["epsilons"], key=float)]
    return all(
        few[mark]["value"] < many[mark]["value"] for few, many in pairwise(rows) for mark in few if int(mark) >= 10
    )


@claim(by_decisions)
def nearer_with_queries(result: Result) -> bool:
    """HopSkipJump's median distance falls with each larger budget."""
    medians = [result["budgets"][str(budget)]["median"] for budget in BUDGETS]
    return all(one > two for one, two in pairwise(medians))


@claim(by_decisions)
def all_are_fooled(result: Result) -> bool:
    """HopSkipJump fools the model on every image, at every budget."""
    return all(row["fooled"] == result["n"] for row in result["budgets"].values())


@claim(by_decisions)
def gradients_come_nearer(result: Result) -> bool:
    """HopSkipJump's median distance is above DeepFool's even at the largest budget."""
    return all(row["median"] > result["DeepFool"]["median"] for row in result["budgets"].values())


@claim(by_fgsm)
def noise_does_little(result: Result) -> bool:
    """Every network of the standard recipe reads at least nine images in ten right under random signs."""
    return all(result["noise"][name]["value"] >= 0.9 for name in standard(result))


@claim(by_pgd)
def transfer_beats_noise(result: Result) -> bool:
    """PGD on any standard-recipe network breaks more on any other than random signs do, by the paired test."""
    pairs = [
        result["made on"][maker][name]["against noise"]
        for maker in standard(result)
        for name in standard(result)
        if maker != name
    ]
    return all(pair["only_first"] > pair["only_second"] and pair["p"] < NO_ACCIDENT for pair in pairs)


@claim(by_fgsm, by_pgd)
def transfer_is_weaker(plain: Result, steps: Result) -> bool:
    """Each standard network is broken less often by images made on another one than by those made on itself."""
    return all(
        result["made on"][maker][name]["success"]["value"] < result["made on"][name][name]["success"]["value"]
        for result in (plain, steps)
        for name in standard(result)
        for maker in standard(result)
        if maker != name
    )


@claim(by_fgsm, by_pgd)
def secrecy_buys_little(plain: Result, steps: Result) -> bool:
    """PGD from another network of the recipe leaves the secret one over ten points less accuracy than noise does."""
    return bool(plain["noise"][VICTIM]["value"] > steps["made on"][OWN][VICTIM]["accuracy"]["value"] + 0.1)


@claim(by_pgd, by_scores)
def questions_do_more(steps: Result, scores: Result) -> bool:
    """At epsilon 0.2 Square leaves fewer images right than PGD from another network of the recipe does."""
    left = scores["epsilons"]["0.2"]["accuracy"]["value"]
    return bool(left < steps["made on"][OWN][VICTIM]["accuracy"]["value"])


@claim(by_fgsm, by_pgd, by_scores)
def weights_do_most(plain: Result, steps: Result, scores: Result) -> bool:
    """At epsilon 0.2, compared with Square, PGD with the weights leaves fewer images right, and FGSM with them more."""
    asked = scores["epsilons"]["0.2"]["accuracy"]["value"]
    step, many = (result["made on"][VICTIM][VICTIM]["accuracy"]["value"] for result in (plain, steps))
    return bool(many < asked < step)


@claim(by_pgd)
def trained_needs_its_own(result: Result) -> bool:
    """The PGD-trained network is broken less often by images from standard networks than by those made on itself."""
    rows = result["made on"]
    own = rows[ROBUST][ROBUST]["success"]["value"]
    return all(rows[maker][ROBUST]["success"]["value"] < own for maker in standard(result))
