"""Figure, tables and claims of the page on `advlab audit`."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.ticker import PercentFormatter

from advlab.chapters.audit_your_model.measure import rounding, trained_on_pgd
from advlab.chapters.shared import style
from advlab.engine.chapter import Drawing, Table, claim, figure, table

#: The least accuracy under PGD of a model that looks robust.
LOOKS_ROBUST = 0.7
#: Gap between PGD and the worst case: at most the first where PGD was honest, at least the second where it was not.
CLOSE, FAR = 0.1, 0.3
#: The attacks in the order in which an audit runs them.
ORDER = ("no attack", "random noise", "FGSM", "PGD, half the steps", "PGD", "PGD, margin loss", "PGD, restarts",
         "APGD-CE", "APGD-T", "FAB-T", "transfer", "Square")  # fmt: skip
Result = dict[str, Any]


def percent(share: float) -> str:
    """A share as per cent, with one decimal."""
    return f"{100 * share:.1f}%"


def with_interval(accuracy: Result) -> str:
    """An accuracy and its interval."""
    return f"{percent(accuracy['value'])} ({100 * accuracy['low']:.1f} to {100 * accuracy['high']:.1f})"


def names(result: Result) -> list[str]:
    """Names of the attacks in the order in which they ran; JSON keeps no order."""
    return [name for name in ORDER if name in result["attacks"]]


@figure(rounding, trained_on_pgd)
def ladders(masked: Result, honest: Result) -> Drawing:
    """Accuracy of both models under each attack."""
    rows = [*names(masked), "worst case"]
    drawn, axes = plt.subplots(figsize=(7.2, 4.6))
    for result, role, label in ((masked, "fgsm", "rounded input"), (honest, "clean", "trained on PGD")):
        accuracies = [*(result["attacks"][name]["accuracy"] for name in rows[:-1]), result["robust"]]
        values = [accuracy["value"] for accuracy in accuracies]
        low = [accuracy["value"] - accuracy["low"] for accuracy in accuracies]
        high = [accuracy["high"] - accuracy["value"] for accuracy in accuracies]
        shift = -0.14 if role == "fgsm" else 0.14
        places = [place + shift for place in range(len(rows))]
        colour = style.color("fgsm" if role == "fgsm" else "clean")
        marker = "s" if role == "fgsm" else "o"
        axes.errorbar(values, places, xerr=[low, high], fmt=marker, color=colour, capsize=2, label=label)
    axes.set(yticks=range(len(rows)), yticklabels=rows, xlim=(-0.02, 1.02), xlabel="accuracy left")
    axes.xaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    axes.invert_yaxis()
    axes.legend(loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=2, frameon=False)
    n = masked["robust"]["n"]
    pgd, worst = masked["attacks"]["PGD"]["accuracy"]["value"], masked["robust"]["value"]
    return Drawing(
        drawn,
        alt=f"What each attack leaves of two models. With rounded input PGD leaves {percent(pgd)}, all of "
        f"them together {percent(worst)}. Trained on PGD's images, the other keeps "
        f"{percent(honest['attacks']['PGD']['accuracy']['value'])} and {percent(honest['robust']['value'])}.",
        caption=f"Accuracy that each attack leaves, and the worst case of each image over all of them, in two audits: "
        f"L-infinity, epsilon {masked['epsilon']:g} in pixel units, n = {n} test images, 95% Wilson intervals.",
    )


@table(rounding, trained_on_pgd)
def side_by_side(masked: Result, honest: Result) -> Table:
    """The two audits, attack by attack."""
    rows = [
        [
            name,
            masked["attacks"][name]["kind"],
            *(with_interval(result["attacks"][name]["accuracy"]) for result in (masked, honest)),
        ]
        for name in names(masked)
    ]
    worst = ["**worst case of each image**", "", *(with_interval(result["robust"]) for result in (masked, honest))]
    verdicts = [
        "**verdict**",
        "",
        *(f"{result['verdict']}, exit {result['exit_status']}" for result in (masked, honest)),
    ]
    return Table(
        ["attack", "kind", "rounded input", "trained on PGD's images"],
        [*rows, worst, verdicts],
        f"`advlab audit --epsilon {masked['epsilon']:g} --quick`: L-infinity, pixel units, untargeted, "
        f"n = {masked['robust']['n']} test images. In brackets 95% Wilson intervals. Each is an upper bound.",
        "llrr",
    )


@table(rounding)
def flags(result: Result) -> Table:
    """The flags that the audit raises on the model with rounded input."""
    rows = [[f"**{flag['name']}**", flag["seen"], flag["do"]] for flag in result["flags"]]
    return Table(
        ["flag", "what was seen", "what to do"],
        rows,
        "The flags of the model with rounded input, as the report words them.",
        "lll",
    )


def _pgd(result: Result) -> float:
    return float(result["attacks"]["PGD"]["accuracy"]["value"])


@claim(rounding, trained_on_pgd)
def both_look_robust(masked: Result, honest: Result) -> bool:
    """Both models look robust: each keeps most of its accuracy under PGD."""
    return min(_pgd(masked), _pgd(honest)) >= LOOKS_ROBUST


@claim(rounding)
def masked_falls(result: Result) -> bool:
    """On the model with rounded input, the worst case of all attacks lies far below PGD."""
    return _pgd(result) - result["robust"]["value"] >= FAR


@claim(trained_on_pgd)
def honest_stays(result: Result) -> bool:
    """On the PGD-trained model, all attacks together find little more than PGD does."""
    return _pgd(result) - result["robust"]["value"] <= CLOSE


@claim(rounding)
def no_verdict(result: Result) -> bool:
    """The audit gives no verdict on the model with rounded input."""
    return bool(result["verdict"] == "no verdict")


@claim(trained_on_pgd)
def no_flag(result: Result) -> bool:
    """The audit of the PGD-trained model raises no flag that would make its evaluation unreliable."""
    return all(flag["severity"] == "note" for flag in result["flags"])
