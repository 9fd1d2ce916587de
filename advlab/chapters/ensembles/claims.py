"""What the page on ensembles claims about its results."""

from __future__ import annotations

from typing import Any

from advlab.chapters.ensembles.comparison import makers
from advlab.chapters.ensembles.figures import elsewhere
from advlab.chapters.ensembles.layered import stack
from advlab.chapters.ensembles.measure import MEAN, VOTE, by_fgsm, by_pgd
from advlab.engine.chapter import claim

Result = dict[str, Any]
#: An adaptive attack has to leave less than this. The tables have figures near 5%; other machines' weights differ.
BROKEN = 0.1
FORTY_POINTS, TWENTY_POINTS = 0.4, 0.2


@claim(by_fgsm, by_pgd)
def others_see_more(*results: Result) -> bool:
    """At every epsilon the other members read images made on one member right more often than it does itself."""
    return all(
        elsewhere(result, epsilon) > max(rows[made][made]["value"] for made in makers(result) if made != MEAN)
        for result in results
        for epsilon, rows in result["epsilons"].items()
    )


@claim(by_fgsm, by_pgd)
def the_vote_looks_strong(*results: Result) -> bool:
    """At the smallest epsilon the vote reads at least nine in ten of the images made on its first member right."""
    return all(result["epsilons"]["0.1"][makers(result)[0]][VOTE]["value"] >= 0.9 for result in results)


@claim(by_pgd)
def the_mean_breaks_the_vote(result: Result) -> bool:
    """At both larger epsilons PGD on the mean leaves both the vote and the mean less than a tenth."""
    return all(
        result["epsilons"][epsilon][MEAN][name]["value"] < BROKEN for epsilon in ("0.2", "0.3") for name in (MEAN, VOTE)
    )


@claim(by_pgd)
def knowing_all_matters(result: Result) -> bool:
    """At the middle epsilon PGD on one member leaves the vote at least 20 points more than PGD on the mean."""
    rows = result["epsilons"]["0.2"]
    return bool(rows[makers(result)[0]][VOTE]["value"] - rows[MEAN][VOTE]["value"] >= TWENTY_POINTS)


@claim(by_pgd)
def three_cost_a_little_more(result: Result) -> bool:
    """At the smallest epsilon the mean keeps more under PGD on itself than the first member under PGD on itself."""
    rows = result["epsilons"]["0.1"]
    first = makers(result)[0]
    return bool(rows[MEAN][MEAN]["low"] > rows[first][first]["high"])


@claim(stack)
def the_stack_looks_strong(result: Result) -> bool:
    """The stack keeps at least 40 points more under FGSM on one member than under the attack on the whole stack."""
    under = result["under"]
    return bool(
        under["FGSM on one member"]["stack"]["value"] - under["attack on the stack"]["stack"]["value"] >= FORTY_POINTS
    )


@claim(stack)
def the_stack_falls(result: Result) -> bool:
    """The attack on the whole stack leaves it less than a tenth."""
    return bool(result["under"]["attack on the stack"]["stack"]["value"] < BROKEN)
