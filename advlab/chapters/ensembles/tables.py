"""The tables of the page on ensembles."""

from __future__ import annotations

from typing import Any

from advlab.chapters.ensembles.comparison import makers
from advlab.chapters.ensembles.figures import LADDER, LAYERS, elsewhere
from advlab.chapters.ensembles.layered import FALSE_POSITIVES, stack
from advlab.chapters.ensembles.measure import EPSILONS, MEAN, VOTE, by_fgsm, by_pgd
from advlab.chapters.shared.cells import percent, with_interval
from advlab.engine.chapter import Table, table

Result = dict[str, Any]


@table(by_fgsm, by_pgd)
def judged_by_all(plain: Result, steps: Result) -> Table:
    """The vote and the mean, under attacks on one member and on the mean."""
    first = makers(plain)[0]
    rows = []
    for epsilon in (f"{one:g}" for one in EPSILONS):
        for attack, result in (("FGSM", plain), ("PGD", steps)):
            left = result["epsilons"][epsilon]
            rows.append(
                [
                    epsilon,
                    attack,
                    percent(left[first][first]["value"]),
                    percent(elsewhere(result, epsilon)),
                    with_interval(left[first][VOTE]),
                    with_interval(left[MEAN][VOTE]),
                    with_interval(left[MEAN][MEAN]),
                ]
            )
    return Table(
        [
            "ε, pixels",
            "attack",
            "one member, by itself",
            "by the others",
            "made on one member: vote",
            "made on the mean: vote",
            "made on the mean: mean",
        ],
        rows,
        f"Accuracy; L-infinity, untargeted, white box; n = {plain['n']:,}, 95% Wilson intervals; PGD of "
        f"{steps['steps']} steps. Clean, the member has {percent(plain['clean'][first]['value'])}, the mean "
        f"{percent(plain['clean'][MEAN]['value'])}, the vote {percent(plain['clean'][VOTE]['value'])}.",
        "llrrrrr",
    )


@table(stack)
def stacked(result: Result) -> Table:
    """Every layer of the stack under every attack."""
    rows = [
        [
            attack,
            *(percent(result["under"][attack][name]["value"]) for name in list(LAYERS)[:-1]),
            percent(result["under"][attack]["flagged"]["value"]),
            with_interval(result["under"][attack]["stack"]),
        ]
        for attack in LADDER
    ]
    return Table(
        ["attack", *list(LAYERS)[:-1], "flagged", "stack: right or flagged"],
        rows,
        f"Accuracy, ε = {result['epsilon']:g} in pixels, L-infinity, untargeted; n = {result['n']:,}, 95% Wilson "
        f"intervals. The detector's limit is set for {100 * FALSE_POSITIVES:g}% false alarms on other clean images; "
        f"of the clean ones here the stack gets {percent(result['clean right and not flagged']['value'])} right and "
        "does not flag them.",
        "lrrrrr",
    )
