"""The pictures and plots of the page on the world."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from advlab.chapters.shared import style
from advlab.chapters.shared.cells import percent
from advlab.chapters.world.claims import list_of
from advlab.chapters.world.diagnosis import diagnosis
from advlab.chapters.world.glasses import glasses
from advlab.chapters.world.transactions import transactions
from advlab.engine.chapter import Drawing, figure

Result = dict[str, Any]
#: Rows of the picture, by what the page calls them.
WORN = {"clean": "none", "grey": "grey", "targeted": "made for it", "slipped, targeted": "one pixel off"}
#: Bars of the plot: name, key of the result, role.
BARS: tuple[tuple[str, str, str, style.Role], ...] = (
    ("every number:\npasses", "no constraints", "passes", "article"),
    ("every number:\nfeasible too", "no constraints", "both", "pgd"),
    ("one feasible\nchange", "feasible, 1", "both", "fgsm"),
    ("one, at the\nfull sum", "full sum, 1", "both", "clean"),
)


@figure(glasses)
def worn(result: Result) -> Drawing:
    """The first images with no frame, a grey one, the one made for them, and that one slipped."""
    shown = result["shown"]
    drawn, axes = plt.subplots(len(WORN), len(shown), figsize=(style.WIDTH, 6.4), squeeze=False)
    for column, one in enumerate(shown):
        for row, kind in enumerate(WORN):
            place, frame = axes[row][column], one["frames"][kind]
            style.show(place, np.asarray(frame["picture"]) / 255)
            wrong = frame["read"] != one["label"]
            place.set_xlabel(
                f"{'✗' if wrong else '✓'} {frame['read']}",
                color=style.color("fgsm" if wrong else "ink"),
                weight="bold" if wrong else "normal",
            )
    for row, name in zip(axes, WORN.values(), strict=True):
        row[0].set_ylabel(name)
    words = "; ".join(
        f"a {one['label']}, to be read as {one['wanted']}: "
        + ", ".join(f"{name} {one['frames'][kind]['read']}" for kind, name in WORN.items())
        for one in shown
    )
    return Drawing(
        drawn,
        alt=f"Four rows of {len(shown)} digits: without glasses, with grey ones, with the frame made for it, and "
        f"with that frame one pixel aside. Read as: {words}.",
        caption=f"The first {len(shown)} test images, not chosen by their results, standard network. The third "
        "row's frames are made so that each digit is read as the next one; below, the same frames one pixel to the "
        "right. ✗ marks a wrong answer.",
    )


@figure(diagnosis)
def malignant(result: Result) -> Drawing:
    """How many malignant rows are still read as malignant, over epsilon."""
    drawn, axes = plt.subplots(figsize=(style.WIDTH, 4.2))
    lines: tuple[tuple[str, str, str, style.Role], ...] = (
        ("line, noise", "line", "noise", "noise"),
        ("line, attack", "line", "attacked", "fgsm"),
        ("network, attack", "network", "attacked", "pgd"),
    )
    said = []
    for name, reader, kind, role in lines:
        shares = list_of(result["readers"][reader][kind])
        at = sorted(float(key) for key in result["readers"][reader][kind])
        axes.plot(at, [one["value"] for one in shares], label=name, **style.line(role))
        axes.vlines(at, [one["low"] for one in shares], [one["high"] for one in shares], color=style.color(role))
        said.append(
            f"{name}: "
            + ", ".join(f"{percent(one['value'])} at {place:g}" for place, one in zip(at, shares, strict=True))
        )
    axes.set(xlabel="ε, as a share of each feature's range", ylabel="malignant rows read as malignant")
    style.percent_axis(axes)
    style.label_ends(axes, {name: role for name, _, _, role in lines}, gap=0.08)
    return Drawing(
        drawn,
        alt=f"The share of malignant rows that is still read as malignant, against epsilon. {'; '.join(said)}.",
        caption=f"The {result['n']} malignant rows of the test part, each changed so that it reads as benign: "
        "L-infinity, targeted, white box. For the line one step is the exact worst case; for the network, an upper "
        "bound by many steps. Strokes: 95% Wilson intervals.",
    )


@figure(transactions)
def payments(result: Result) -> Drawing:
    """How many stopped frauds pass: without constraints, feasible, and at the full sum."""
    detectors = result["detectors"]
    drawn, panels = plt.subplots(1, len(detectors), figsize=(style.WIDTH, 3.9), sharey=True, squeeze=False)
    said = []
    for axes, (name, one) in zip(panels[0], detectors.items(), strict=True):
        found = [one["attacks"][kind][what] for _, kind, what, _ in BARS]
        for place, (share, (_, _, _, role)) in enumerate(zip(found, BARS, strict=True)):
            axes.barh(place, share["value"], 0.62, color=style.color(role))
            axes.hlines(place, share["low"], share["high"], color=style.color("ink"), linewidth=1.4)
        axes.set(xlim=(0, 1.02), title=f"{name}, n = {one['caught']['count']}", xlabel="of the stopped frauds")
        axes.set_xticks([0, 0.5, 1])
        axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:.0f}%")
        axes.grid(visible=False, axis="y")
        said.append(
            f"{name}: "
            + ", ".join(
                f"{words.replace(chr(10), ' ')} {percent(share['value'])}"
                for share, (words, _, _, _) in zip(found, BARS, strict=True)
            )
        )
    panels[0][0].set_yticks(range(len(BARS)), [words for words, _, _, _ in BARS])
    panels[0][0].invert_yaxis()
    return Drawing(
        drawn,
        alt=f"Bars of the share of stopped frauds that passes, for two detectors. {'; '.join(said)}.",
        caption="Frauds that a detector had stopped, after four attacks. The first moves every number of a payment and "
        "asks nothing else; the second bar counts only those of them that somebody could have made. Strokes: 95% "
        "Wilson intervals.",
    )
