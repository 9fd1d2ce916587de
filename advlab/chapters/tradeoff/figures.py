"""The plots of the page on the trade-off: the bands of every model, and clean against robust accuracy."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.patches import Patch
from matplotlib.ticker import PercentFormatter

from advlab.chapters.shared import style
from advlab.chapters.shared.cells import percent
from advlab.chapters.tradeoff.models import MEASURED, models
from advlab.engine.chapter import Drawing, figure

Result = dict[str, Any]
#: The bands from bottom to top: colour and words.
BANDS: dict[str, tuple[style.Role, str]] = {
    "certified": ("clean", "certified"),
    "survived": ("noise", "attacked and survived"),
    "unknown": ("muted", "unknown"),
    "broken": ("grid", "broken"),
}
#: The epsilon that the texts refer to.
LARGE = "0.3"


@figure(*MEASURED)
def bands(*results: Result) -> Drawing:
    """One panel per model: the shares certified, survived, unknown and broken, against epsilon."""
    rows = models(results)
    drawn, panels = plt.subplots(2, 4, figsize=(style.WIDTH, 5.2), sharex=True, sharey=True)
    told = []
    for axes, row in zip(panels.flat, rows, strict=True):
        of = row.result["bands"]
        axes.stackplot(
            of["epsilon"],
            *(of[name] for name in BANDS),
            colors=[style.color(role) for role, _ in BANDS.values()],
            step="pre",  # whatever holds at an epsilon holds at all smaller ones
            linewidth=0,
        )
        axes.set_title(row.name, fontsize=9.5)
        axes.set(xlim=(0, of["epsilon"][-1]), ylim=(0, 1))
        axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
        axes.grid(visible=False)
        place = of["epsilon"].index(float(LARGE))
        shares = ", ".join(f"{percent(of[name][place])} {words}" for name, (_, words) in BANDS.items())
        told.append(f"{row.name}: {shares}")
    for axes in panels[-1]:
        axes.set_xlabel("epsilon")
    handles = [Patch(color=style.color(role), label=words) for role, words in BANDS.values()]
    drawn.legend(handles=handles, loc="outside upper center", ncols=4, fontsize=10, handlelength=1.2)
    some = rows[0].result
    return Drawing(
        drawn,
        alt=f"Eight panels, one a model, shares of images over epsilon. At {LARGE}: {'; '.join(told)}.",
        caption="What is known of each image at each epsilon: proved by intervals, attacked without success, neither, "
        "or broken (an image that is misread from the start counts as broken). L-infinity, n = "
        f"{some['n']:,} test images. The truth lies between the proof from below and the attacks from above.",
    )


@figure(*MEASURED)
def clean_against_robust(*results: Result) -> Drawing:
    """Clean accuracy against accuracy under strong attacks, at both epsilons."""
    rows = models(results)
    drawn, both = plt.subplots(1, 2, figsize=(style.WIDTH, 4.4), sharey=True)
    told = []
    for axes, epsilon in zip(both, ("0.1", LARGE), strict=True):
        for number, row in enumerate(rows):
            clean, robust = row.result["clean"], row.result["robust"][epsilon]
            colour = style.color(row.role)
            axes.plot([robust["low"], robust["high"]], [clean["value"]] * 2, color=colour, linewidth=1.3)
            axes.plot([robust["value"]], [clean["value"]], "o", color=colour, markersize=7)
            axes.annotate(
                str(number + 1), (robust["value"], clean["value"]), (0, 8 if number % 2 else -14),
                textcoords="offset points", ha="center", fontsize=10, color=colour, weight="bold",
            )  # fmt: skip
        axes.set(title=f"epsilon {epsilon}", xlabel="accuracy under strong attacks", xlim=(-0.05, 1.05))
        axes.xaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
        axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    both[0].set_ylabel("clean accuracy")
    for number, row in enumerate(rows):
        small, large = (percent(row.result["robust"][epsilon]["value"]) for epsilon in ("0.1", LARGE))
        told.append(f"{number + 1} {row.name}: clean {percent(row.result['clean']['value'])}, {small} and {large}")
    return Drawing(
        drawn,
        alt=f"Two panels, clean accuracy against accuracy under strong attacks at 0.1 and {LARGE}. {'; '.join(told)}.",
        caption="Each number is a model: "
        + ", ".join(f"{number + 1} {row.name}" for number, row in enumerate(rows))
        + f". L-infinity, pixel units; n = {rows[0].result['n']:,}, 95% Wilson intervals.",
    )
