"""The tables of the page on interval bounds."""

from __future__ import annotations

from typing import Any

from advlab.chapters.intervals.attack import between, tested
from advlab.chapters.intervals.measure import linear, plain, proved, undefended
from advlab.chapters.shared.cells import percent, with_interval
from advlab.engine.chapter import Table, table

Result = dict[str, Any]


@table(undefended)
def standard(result: Result) -> Table:
    """What intervals prove for the standard network."""
    return Table(
        ["ε, pixels", "proved"],
        [[epsilon, with_interval(of)] for epsilon, of in result["at"].items()],
        f"The standard network, L-infinity; {percent(result['clean']['value'])} of these images are answered right. "
        f"n = {result['clean']['n']:,}, 95% Wilson intervals.",
        "rr",
    )


@table(plain, proved)
def first_layer(without: Result, behind: Result) -> Table:
    """The effect of the first layer: the same training without and with it."""
    rows = [["0", with_interval(without["clean"]), with_interval(behind["clean"])]]
    rows += [
        [epsilon, with_interval(of), with_interval(behind["at"][epsilon])] for epsilon, of in without["at"].items()
    ]
    return Table(
        ["ε, pixels", "proved, normalised", "proved, contrast"],
        rows,
        "Two networks, one recipe; only the first layer differs. L-infinity; at zero stands the accuracy without "
        f"attack. n = {behind['clean']['n']:,} test images, 95% Wilson intervals; one training each.",
        "rrr",
    )


@table(proved, between)
def bounds(of_all: Result, of_some: Result) -> Table:
    """Lower and upper bound at each epsilon, and the lower one on all images."""
    rows = [
        [
            epsilon,
            with_interval(of_all["at"][epsilon]),
            with_interval(of["proved"]),
            with_interval(of["AutoAttack"]),
            percent(of["unknown"]["value"]),
        ]
        for epsilon, of in of_some["at"].items()
    ]
    clean = with_interval(of_some["clean"])
    return Table(
        ["ε, pixels", f"proved, n = {of_all['clean']['n']:,}", "proved", "AutoAttack leaves", "unknown"],
        [["0", with_interval(of_all["clean"]), clean, clean, "–"], *rows],
        f"The certified network, L-infinity, white box. Last three columns: n = {of_some['n']:,}. In brackets 95% "
        "Wilson intervals. At zero stands the accuracy without attack. AutoAttack skips images that are proved, and "
        "images broken at a smaller ε stay broken.",
        "rrrrr",
    )


@table(linear)
def crown(result: Result) -> Table:
    """Intervals against linear bounds on both networks."""
    names = {"certified": "trained for intervals", "noise": f"trained under noise, σ = {result['sigma']:g}"}
    rows = [
        [
            name,
            epsilon,
            with_interval(of["intervals"]),
            with_interval(of["linear"]),
            percent(of["linear is tighter"]["value"]),
        ]
        for key, name in names.items()
        for epsilon, of in result[key].items()
    ]
    n = next(iter(result["certified"].values()))["intervals"]["n"]
    return Table(
        ["network", "ε, pixels", "proved by intervals", "proved by CROWN-IBP", "CROWN-IBP tighter"],
        rows,
        f"Both bounds on the same networks and images, n = {n:,}, 95% Wilson intervals. The last column counts images "
        "whose least margin is bounded higher. Here neither allows for rounding.",
        "lrrrr",
    )


@table(tested)
def attempts(result: Result) -> Table:
    """Proved images that were attacked, and how many broke."""
    whats = {
        "noise": "random noise",
        "PGD": f"PGD, {result['steps']} steps, cross-entropy",
        "PGD, margin": f"PGD, {result['steps']} steps, {result['restarts']} restarts, margin",
        "AutoAttack, sample": "AutoAttack, a sample",
    }
    epsilons = list(result["at"])

    def cell(of: Result, name: str) -> str:
        size = of["sampled"] if "sample" in name else of["attacked"]
        return f"{of['broken'][name]:,} of {size:,}"

    return Table(
        ["attack on proved images", *(f"broken, ε = {epsilon}" for epsilon in epsilons)],
        [[what, *(cell(result["at"][epsilon], name) for epsilon in epsilons)] for name, what in whats.items()],
        "Proved images of the certified network, attacked although nothing can be found.",
        "lrr",
    )
