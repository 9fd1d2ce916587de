"""The diagram of the page on threat models: attacks by doors."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.patches import Rectangle

from advlab.chapters.shared import style
from advlab.chapters.shared.cells import percent
from advlab.chapters.threat_model.measure import DECISION_QUERIES, DOORS, SCORE_QUERIES, STEPS, doors
from advlab.engine.chapter import Drawing, Table, figure, table

Result = dict[str, Any]
#: The attacks, from the one that needs most to the one that needs nothing (the store sorts names).
ATTACKS = ("FGSM", "PGD", "Square", "HopSkipJump", "transfer")
BOXES = {"full model": "white box", "scores": "black box", "decisions": "black box", "nothing": "black box"}


@figure(doors)
def needs(result: Result) -> Drawing:
    """A grid of the accuracy that each attack leaves behind each door, and of where it cannot run."""
    drawn, axes = plt.subplots(figsize=(style.WIDTH, 3.9))
    for row, attack in enumerate(ATTACKS):
        for column, opened in enumerate(DOORS):
            one = result["left"][attack][opened]
            broken = 0.0 if one is None else 1 - one["value"]
            place = (column - 0.46, row - 0.42)
            axes.add_patch(Rectangle(place, 0.92, 0.84, fill=False, edgecolor=style.color("grid")))
            if one is None:
                axes.text(column, row, "cannot run", ha="center", va="center", color=style.color("muted"), fontsize=11)
                continue
            full = style.color("fgsm")
            axes.add_patch(Rectangle(place, 0.92 * broken, 0.84, facecolor=full, alpha=0.35, edgecolor="none"))
            axes.text(
                column, row, f"{100 * one['value']:.0f}% left", ha="center", va="center", weight="bold", fontsize=12
            )
    axes.set(xlim=(-0.55, len(DOORS) - 0.45), ylim=(len(ATTACKS) - 0.45, -0.55))
    axes.set_yticks(range(len(ATTACKS)), ATTACKS)
    axes.set_xticks(range(len(DOORS)), [f"{opened}\n({BOXES[opened]})" for opened in DOORS])
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)
    words = "; ".join(
        f"{attack}: "
        + ", ".join(
            f"{opened} {'cannot run' if one is None else percent(one['value']) + ' left'}"
            for opened, one in ((door, result["left"][attack][door]) for door in DOORS)
        )
        for attack in ATTACKS
    )
    return Drawing(
        drawn,
        alt=f"A grid of five attacks by what the attacker can reach of the same network. {words}.",
        caption="The same network behind four doors. Columns: what comes through (weights and gradients; "
        "scores; the class alone; nothing). A filled bar is the share that was broken. L-infinity, "
        f"$\\epsilon = {result['epsilon']:g}$ in pixels, untargeted, n = {result['n']} test images; PGD has {STEPS} "
        f"steps, Square {SCORE_QUERIES} queries an image, HopSkipJump {DECISION_QUERIES}.",
    )


@table(doors)
def left(result: Result) -> Table:
    """The accuracy that each attack leaves behind each door, with intervals."""

    def cell(one: Result | None) -> str:
        if one is None:
            return "cannot run"
        return f"{percent(one['value'])} ({100 * one['low']:.0f} to {100 * one['high']:.0f})".replace(" ", "&nbsp;")

    return Table(
        ["attack", *DOORS],
        [[attack, *(cell(result["left"][attack][door]) for door in DOORS)] for attack in ATTACKS],
        f"Accuracy left of the standard model, L-infinity, ε = {result['epsilon']:g} in pixels, untargeted; n = "
        f"{result['n']}, 95% Wilson intervals. Clean: {percent(result['clean']['value'])}.",
        "l" + "r" * len(DOORS),
    )
