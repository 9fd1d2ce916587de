"""The plots of the page on practice: confidence under attack, reliability, monitors' alarms."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from advlab.chapters.practice.drift import KS, MEAN, SHARES
from advlab.chapters.practice.measure import ALERTED, NINES, WIDTH, nines, robust, standard
from advlab.chapters.practice.tables import ATTACKERS
from advlab.chapters.shared import style
from advlab.chapters.shared.cells import percent
from advlab.engine.chapter import Drawing, figure
from advlab.evaluation import Proportion

Result = dict[str, Any]
LOOKS: dict[str, style.Role] = {"clean": "clean", "FGSM": "fgsm", "PGD": "pgd", "PGD, fitted": "noise"}
#: Ticks on the scale of nines, with their labels.
TICKS = {0: "0%", 1: "90%", 2: "99%", 3: "99.9%", 4: "4 nines", 6: "6 nines", 8: "8 nines", 10: "10 nines"}
#: The least number of answers behind a dot of a reliability diagram; fewer say nothing.
ANSWERS = 10


@figure(standard)
def confidence(result: Result) -> Drawing:
    """The model's confidence where it is right on clean images, and where attacks made it wrong."""
    shown = {"clean": "clean, right", **{name: f"{name}, wrong" for name in ATTACKERS}}
    drawn, panels = plt.subplots(len(shown), 1, figsize=(style.WIDTH, 5.6), sharex=True, sharey=True)
    limit = float(nines(torch.tensor(result["limit"])))
    places = np.arange(0, NINES, WIDTH)
    for axes, (name, label) in zip(panels, shown.items(), strict=True):
        heights = result["under"][name]["right, by nines" if name == "clean" else "wrong, by nines"]
        hue = style.color(LOOKS[name])
        axes.bar(places, heights, width=WIDTH, align="edge", color=hue, alpha=0.75, edgecolor=hue)
        axes.axvline(limit, color=style.color("ink"), linewidth=1.3, linestyle="--")
        axes.text(0.985, 0.9, label, transform=axes.transAxes, ha="right", va="top", color=hue, weight="bold")
        axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
        axes.grid(visible=False, axis="x")
    panels[0].text(
        limit + 0.1, 1.02, "alert below", transform=panels[0].get_xaxis_transform(), ha="center", fontsize=10.5
    )
    panels[-1].set_xticks(list(TICKS), list(TICKS.values()))
    panels[-1].set(xlim=(0, NINES), xlabel="confidence")
    drawn.supylabel("share of these answers", fontsize=12)
    words = "; ".join(
        f"{name}: {percent(result['under'][name]['errors without an alert']['value'])} of the errors above the limit"
        for name in ATTACKERS
    )
    return Drawing(
        drawn,
        alt="Four histograms of confidence on a scale of nines: clean images that are read right, and errors under "
        f"FGSM, PGD, and PGD fitted to the monitor. A dashed line marks an alert's limit. {words}.",
        caption="Confidence of the standard model on a scale that spreads what is nearly sure: right answers to "
        f"n = {result['watched']:,} clean images, and wrong answers to n = {result['n']} attacked ones. L-infinity, "
        f"$\\epsilon = {result['epsilon']:g}$ in pixels, untargeted, white box. Dashed: the limit below which "
        f"{100 * ALERTED:g}% of other clean images lie.",
    )


@figure(standard, robust)
def diagrams(undefended: Result, defended: Result) -> Drawing:
    """Reliability diagrams before and after the temperature is fitted, clean and under FGSM."""
    drawn, grid = plt.subplots(2, 2, figsize=(style.WIDTH, 6.4), sharex=True, sharey=True)
    words = []
    for row, (model, result) in zip(
        grid, (("standard", undefended), ("trained on PGD's images", defended)), strict=True
    ):
        for axes, under in zip(row, ("clean", "FGSM"), strict=True):
            one = result["under"][under]
            dots(axes, one["before"], "before", "clean", "none")
            dots(axes, one["after"], "after", "fgsm", style.color("fgsm"))
            axes.plot([0, 1], [0, 1], color=style.color("muted"), linewidth=1, linestyle=":")
            axes.set_title(f"{model}, {under}", fontsize=11.5)
            words.append(f"{model}, {under}: error {percent(one['before']['error'])}, {percent(one['after']['error'])}")
    for axes in grid.flat:
        axes.set(xlim=(0, 1.03), ylim=(-0.03, 1.03))
        axes.xaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
        axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    for axes in grid[-1]:
        axes.set_xlabel("confidence")
    for axes in grid[:, 0]:
        axes.set_ylabel("right")
    grid[0][0].legend(loc="upper left")
    return Drawing(
        drawn,
        alt="Four reliability diagrams, accuracy against confidence, before and after temperature scaling. On clean "
        f"images dots lie near the diagonal, under FGSM far below it. Calibration {'; '.join(words)}.",
        caption="Reliability: of the answers that are about so sure, how many are right? On the dotted line "
        "confidence is honest, below it the model is too sure. Hollow: as trained. Full: at the temperature fitted on "
        f"{undefended['held out']:,} clean images. n = {undefended['watched']:,} clean images, {undefended['n']} under "
        f"FGSM (L-infinity, $\\epsilon = {undefended['epsilon']:g}$ in pixels, untargeted, white box). A dot stands "
        f"for {ANSWERS} answers or more, its stroke for the 95% Wilson interval.",
    )


def dots(axes: Axes, found: Result, label: str, role: style.Role, face: str) -> None:
    """Draws the dots of one diagram, with 95% Wilson intervals."""
    rows = [(sure, right) for n, sure, right in found["bins"] if n >= ANSWERS]
    for n, sure, right in found["bins"]:
        if n >= ANSWERS:
            of = Proportion(round(n * right), n)
            axes.plot([sure, sure], [of.low, of.high], color=style.color(role), linewidth=1)
    marker = "o" if face == "none" else "s"
    axes.plot(
        *zip(*rows, strict=True), marker, color=style.color(role), markerfacecolor=face, label=label, markersize=7
    )


@figure(standard)
def monitors(result: Result) -> Drawing:
    """The share of windows that raise an alarm, by the share of attacked images in them."""
    drawn, panels = plt.subplots(1, 2, figsize=(style.WIDTH, 3.9), sharey=True)
    windows, words = result["windows"], []
    for axes, monitor, title in zip(
        panels, (KS, MEAN), ("distribution (KS test)", "mean confidence falls"), strict=True
    ):
        for name in ATTACKERS:
            rows = [
                windows["false alarms"][monitor],
                *(windows["under"][name][f"{one:g}"][monitor] for one in SHARES[1:]),
            ]
            axes.plot(SHARES, [one["value"] for one in rows], label=name, **style.line(LOOKS[name]))
            axes.vlines(
                SHARES, [one["low"] for one in rows], [one["high"] for one in rows], color=style.color(LOOKS[name])
            )
            listed = ", ".join(
                f"{percent(one['value'])} at {share:.0%}" for share, one in zip(SHARES, rows, strict=True)
            )
            words.append(f"{title}, {name}: {listed}")
        axes.set(title=title, xlabel="attacked, of the window", ylim=(-0.03, 1.03))
        axes.xaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
        axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    panels[0].set_ylabel("windows with an alarm")
    panels[0].legend(loc="lower right")
    return Drawing(
        drawn,
        alt=f"Two panels, share of windows with an alarm against the share of attacked images. {'; '.join(words)}.",
        caption=f"Windows of {windows['size']} answers of the standard model, {windows['count']} drawn for each "
        "point, with more and more successful adversarial images among clean ones; at the left end, none: false "
        f"alarms. Both monitors are set to {100 * windows['asked for']:g}% of them. L-infinity, "
        f"$\\epsilon = {result['epsilon']:g}$ in pixels, untargeted, white box. Bars are 95% Wilson intervals over "
        "windows, which share images.",
    )
