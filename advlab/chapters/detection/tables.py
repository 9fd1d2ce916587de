"""The tables of the page on detection."""

from __future__ import annotations

from typing import Any

from advlab.chapters.detection.comparison import SOURCES, by_detector
from advlab.chapters.detection.evaded import squeezers
from advlab.chapters.detection.figures import one_in, over_epsilon, percent_of
from advlab.chapters.detection.larger_epsilons import growing
from advlab.chapters.detection.measure import FALSE_POSITIVES, base_rates
from advlab.chapters.shared.cells import percent, with_interval
from advlab.engine.chapter import Table, table

Result = dict[str, Any]


@table(*SOURCES)
def reported(*results: Result) -> Table:
    """Each detector under attacks that do not know it, and what it costs on clean images."""
    rows = [
        [
            name,
            percent(result["clean"]["flagged"]["value"]),
            percent(result["clean"]["right and not flagged"]["value"]),
            f"{result['FGSM']['area']:.3f}",
            percent(result["FGSM"]["after rejection"]["value"]),
            f"{result['PGD']['area']:.3f}",
            percent(result["PGD"]["after rejection"]["value"]),
        ]
        for name, result in by_detector(results).items()
    ]
    first = results[0]
    widest = max(
        of["high"] - of["low"]
        for result in results
        for of in (
            result["FGSM"]["after rejection"],
            result["PGD"]["after rejection"],
            result["clean"]["flagged"],
            result["clean"]["right and not flagged"],
        )
    )
    return Table(
        [
            "detector",
            "clean:<br>flagged",
            "clean: right,<br>not flagged",
            "FGSM:<br>area",
            "FGSM: right<br>or flagged",
            "PGD:<br>area",
            "PGD: right<br>or flagged",
        ],
        rows,
        f"Attacks on the model alone, ε = {first['epsilon']:g} in pixels, L-infinity, untargeted; "
        f"n = {first['n']:,}, 95% Wilson intervals of at most ±{50 * widest:.1f} points. Each limit is set for "
        f"{100 * FALSE_POSITIVES:g}% false alarms on {first['calibration']:,} other clean test images. Without a "
        f"detector FGSM leaves {percent(first['FGSM']['accuracy']['value'])} right, PGD "
        f"{percent(first['PGD']['accuracy']['value'])}.",
        "lrrrrrr",
    )


@table(*SOURCES)
def both_ways(*results: Result) -> Table:
    """Each detector under FGSM, as usually reported, and under the joint attack."""
    rows = [
        [
            name,
            with_interval(result["FGSM"]["after rejection"]),
            with_interval(result["joint"]["after rejection"]),
            percent(result["joint"]["flagged"]["value"]),
            f"{result['joint']['steps']}",
        ]
        for name, result in by_detector(results).items()
    ]
    first = results[0]
    return Table(
        ["detector", "FGSM on the model", "attack on both", "of these flagged", "steps at most"],
        rows,
        f"Accuracy after rejection at {100 * FALSE_POSITIVES:g}% false alarms: images classified right or flagged. "
        f"ε = {first['epsilon']:g} in pixels, L-infinity, untargeted, white box (model, detector and limit known); "
        f"n = {first['n']:,}, 95% Wilson intervals. Each figure is an upper bound.",
        "lrrrr",
    )


@table(squeezers, growing)
def at_larger(here: Result, beyond: Result) -> Table:
    """The detector that holds at the book's epsilon, as epsilon grows."""
    return Table(
        ["ε, pixels", "PGD on the model", "attack on both"],
        [
            [epsilon, with_interval(row["PGD on the model"]), with_interval(row["attack on both"])]
            for epsilon, row in over_epsilon(here, beyond).items()
        ],
        f"One bit and median: accuracy after rejection; L-infinity, untargeted; n = {beyond['n']:,}, 95% Wilson "
        "intervals.",
        "lrr",
    )


@table(base_rates)
def worth(result: Result) -> Table:
    """The share of alarms that are true, by the base rate."""
    names = list(result["precision"])
    rows = [
        [one_in(rate), *(significant(result["precision"][name][at]) for name in names)]
        for at, rate in enumerate(result["base rates"])
    ]
    return Table(
        [
            "attacks among images",
            *(f"alarms that are attacks,<br>at {percent_of(name)} false alarms" for name in names),
        ],
        rows,
        f"Bayes' rule, for a detector that flags {result['true positives']:.0%} of all attacks. Computed, not "
        "measured.",
        "l" + "r" * len(names),
    )


def significant(share: float) -> str:
    """A share as per cent, with two significant digits."""
    return f"{100 * share:.2g}%" if share < 0.1 else f"{100 * share:.0f}%"
