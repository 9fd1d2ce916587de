"""The plots of the page on detection: curves, naive beside adaptive, a growing epsilon, and the base rate."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.ticker import FuncFormatter, PercentFormatter

from advlab.chapters.detection.comparison import LOOKS, SOURCES, by_detector, pairs
from advlab.chapters.detection.evaded import squeezers
from advlab.chapters.detection.larger_epsilons import growing
from advlab.chapters.detection.measure import FALSE_POSITIVES, base_rates
from advlab.chapters.shared import style
from advlab.chapters.shared import two_dots as two_dots
from advlab.chapters.shared.cells import percent
from advlab.engine.chapter import Drawing, figure

Result = dict[str, Any]


@figure(*SOURCES)
def curves(*results: Result) -> Drawing:
    """Curves of every detector over all its possible limits, under FGSM and under PGD."""
    rows = by_detector(results)
    drawn, panels = plt.subplots(1, 2, figsize=(style.WIDTH, 4.3), sharey=True)
    for axes, attack in zip(panels, ("FGSM", "PGD"), strict=True):
        axes.axvline(FALSE_POSITIVES, color=style.color("muted"), linewidth=1, linestyle=":")
        for name, result in rows.items():
            look = style.line(LOOKS[name]) | {"markersize": 4, "markevery": 6}
            axes.plot(*zip(*result[attack]["curve"], strict=True), label=name, **look)
        axes.set(xlim=(-0.01, 0.5), xlabel="clean images flagged", title=attack)
        axes.xaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
        style.percent_axis(axes)
    panels[0].set_ylabel("attacked images flagged")
    drawn.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    words = "; ".join(
        f"{name}: {result['FGSM']['area']:.3f} and {result['PGD']['area']:.3f}" for name, result in rows.items()
    )
    return Drawing(
        drawn,
        alt="Curves of the share of attacked images that is flagged against the share of clean ones, one a detector. "
        f"Areas below them, FGSM and PGD: {words}.",
        caption="What every limit would do, against attacks that do not know the detector. Dotted: the limit for "
        f"{100 * FALSE_POSITIVES:g}% false alarms, which clean images set. The left half of the axis, "
        f"$\\epsilon = {results[0]['epsilon']:g}$ (L-infinity), n = {results[0]['n']} test images, each clean and "
        "attacked.",
    )


@figure(*SOURCES)
def dots(*results: Result) -> Drawing:
    """Two dots per detector on one line: hollow under FGSM on the model, full under the attack on both."""
    rows = pairs(*results)
    return Drawing(
        two_dots.draw(rows, "right or flagged, under attack", naive="as reported: FGSM", adaptive="attack on both"),
        alt="Pairs of dots, accuracy after rejection under FGSM on the model and under the joint attack. "
        f"{two_dots.said(rows)}.",
        caption=f"Accuracy after rejection at {100 * FALSE_POSITIVES:g}% false alarms: the share of attacked images "
        "that are classified right or flagged. Hollow: FGSM, which does not know the detector. Full: the attack on "
        f"model and detector. $\\epsilon = {results[0]['epsilon']:g}$ (L-infinity), n = {results[0]['n']} test "
        "images, bars are 95% Wilson intervals.",
    )


@figure(base_rates)
def precision(result: Result) -> Drawing:
    """The share of alarms that are true, against how rare attacks are."""
    drawn, axes = plt.subplots(figsize=(style.WIDTH, 3.9))
    rates = result["base rates"]
    roles: tuple[style.Role, ...] = ("fgsm", "clean")
    looks = dict(zip(result["precision"], roles, strict=True))
    for name, role in looks.items():
        axes.plot(rates, result["precision"][name], label=f"{percent_of(name)} false alarms", **style.line(role))
    axes.axvline(result["base rate"], color=style.color("muted"), linewidth=1, linestyle=":")
    axes.set(xscale="log", xlabel="share of attacks among all images", ylabel="alarms that are attacks")
    axes.invert_xaxis()
    axes.xaxis.set_major_formatter(FuncFormatter(lambda rate, _: one_in(rate)))
    style.percent_axis(axes)
    axes.legend(loc="upper right")
    words = "; ".join(
        f"at {percent_of(name)} false alarms {result['at base rate'][name]:.2%}" for name in result["precision"]
    )
    return Drawing(
        drawn,
        alt="The share of alarms that are attacks, falling from near one to near nothing as attacks become rare. One "
        f"attack in {1 / result['base rate']:,.0f}: {words}.",
        caption=f"Of all alarms, the share that is an attack, by how common attacks are, for a detector that flags "
        f"{result['true positives']:.0%} of them. Computed by Bayes' rule, not measured. Dotted: one attack in "
        f"{1 / result['base rate']:,.0f} images.",
    )


def percent_of(name: str) -> str:
    """A share given as text, as per cent."""
    return f"{100 * float(name):g}%"


def one_in(rate: float) -> str:
    """A rate as text of the form "1 in so many"."""
    return f"1 in {1 / rate:,.0f}"


def over_epsilon(here: Result, beyond: Result) -> dict[str, Result]:
    """Results of the detector that holds, by epsilon: the book's, then larger ones."""
    first = {"PGD on the model": here["PGD"]["after rejection"], "attack on both": here["joint"]["after rejection"]}
    rows: dict[str, Result] = {f"{here['epsilon']:g}": first} | beyond["epsilons"]
    return dict(sorted(rows.items(), key=lambda row: float(row[0])))


@figure(squeezers, growing)
def larger(here: Result, beyond: Result) -> Drawing:
    """The detector that holds at the book's epsilon, drawn at larger ones."""
    drawn, axes = plt.subplots(figsize=(style.WIDTH, 3.9))
    looks: dict[str, style.Role] = {"PGD on the model": "clean", "attack on both": "fgsm"}
    rows = over_epsilon(here, beyond)
    at = list(rows)
    for name, role in looks.items():
        shares = [rows[epsilon][name] for epsilon in at]
        axes.plot([float(one) for one in at], [one["value"] for one in shares], label=name, **style.line(role))
        axes.vlines(
            [float(one) for one in at],
            [one["low"] for one in shares],
            [one["high"] for one in shares],
            color=style.color(role),
        )
    axes.axvline(0.5, color=style.color("muted"), linewidth=1, linestyle=":")
    axes.set(xlabel="ε, in pixels", ylabel="right or flagged")
    style.percent_axis(axes)
    axes.legend(loc="lower left")
    words = "; ".join(
        f"{name}: " + ", ".join(f"{percent(rows[e][name]['value'])} at {e}" for e in at) for name in looks
    )
    return Drawing(
        drawn,
        alt=f"Accuracy after rejection of the detector with one bit and median, over epsilon. {words}.",
        caption="The detector that compares with a black-and-white and a smoothed copy, as epsilon grows (L-infinity). "
        f"n = {beyond['n']} test images, bars are 95% Wilson intervals. Dotted: one half, from where every pixel can "
        "be made grey and no digit need be left to see.",
    )
