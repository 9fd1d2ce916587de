"""The plots of the page on distillation."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt

from advlab.chapters.distillation.measure import attacks, authors_attack, curves, gradients
from advlab.chapters.shared import style
from advlab.chapters.shared import two_dots as two_dots
from advlab.chapters.shared.two_dots import Pair
from advlab.engine.chapter import Drawing, figure

Result = dict[str, Any]


def survived(success: Result) -> Result:
    """The share that withstood an attack, from its success rate."""
    turned = {"value": 1 - success["value"], "low": 1 - success["high"], "high": 1 - success["low"]}
    return turned | {"count": success["n"] - success["count"], "n": success["n"]}


@figure(attacks, authors_attack)
def dots(at_large: Result, own: Result) -> Drawing:
    """Accuracy under each attack through the student's own softmax, and with access to the logits."""
    rows = [
        Pair("FGSM, logits / T", at_large["FGSM"], at_large["FGSM, cooled"]),
        Pair("PGD, logits / T", at_large["PGD"], at_large["PGD, cooled"]),
        Pair("PGD, margin", at_large["PGD"], at_large["PGD, margin"]),
        Pair("saliency, logits / T", survived(own["student"]), survived(own["cooled"])),
    ]
    return Drawing(
        two_dots.draw(rows, "images right, or targets missed"),
        alt=f"Pairs of dots, the attack as the authors ran it and with the logits in sight. {two_dots.said(rows)}.",
        caption="The distilled student under each attack, first through its softmax at temperature one, then past it. "
        f"FGSM and PGD: L-infinity, ε = {at_large['epsilon']:g} in pixels, untargeted, n = {at_large['FGSM']['n']:,} "
        f"test images. Saliency: at most {own['pixels']} pixels made white, targeted, n = {own['student']['n']:,} "
        "pairs of image and target. Bars are 95% Wilson intervals.",
    )


@figure(curves)
def over_epsilon(result: Result) -> Drawing:
    """Accuracy of both models against epsilon, under FGSM and under PGD on the margin."""
    drawing, axes = plt.subplots()
    epsilons = result["epsilons"]
    lines: dict[str, tuple[str, str, style.Role]] = {
        "student, FGSM": ("student", "FGSM", "clean"),
        "standard, FGSM": ("standard", "FGSM", "noise"),
        "student, PGD": ("student", "PGD, margin", "fgsm"),
        "standard, PGD": ("standard", "PGD, margin", "pgd"),
    }
    said = []
    for label, (model, attack, role) in lines.items():
        found = [result[model][f"{epsilon:g}"][attack] for epsilon in epsilons]
        values = [of["value"] for of in found]
        axes.plot(epsilons, values, label=label, **style.line(role))
        axes.fill_between(
            epsilons, [of["low"] for of in found], [of["high"] for of in found], color=style.color(role), alpha=0.12
        )
        said.append(f"{label}: " + ", ".join(f"{100 * value:.0f}%" for value in values))
    axes.set(xlabel="ε, pixel units", ylabel="accuracy under attack", xticks=epsilons)
    style.percent_axis(axes)
    style.label_ends(axes, {label: role for label, (*_, role) in lines.items()})
    n = result["student"][f"{epsilons[0]:g}"]["FGSM"]["n"]
    listed = ", ".join(f"{epsilon:g}" for epsilon in epsilons)
    return Drawing(
        drawing,
        alt=f"Accuracy at epsilon {listed}. {'; '.join(said)}.",
        caption="The undefended model and the distilled student over ε. Under FGSM the student hardly moves. Under PGD "
        f"on the margin of the logits ({result['steps']} steps) it falls as the other does. L-infinity, untargeted, "
        f"white box, n = {n:,} test images; bands are 95% Wilson intervals.",
    )


@figure(gradients)
def leads(result: Result) -> Drawing:
    """The lead of the right logit with the limit of float32, and the share of gradients that are zero."""
    drawing, axes = plt.subplots(figsize=(style.WIDTH, 2.6))
    rows = [
        ("standard", result["standard"]["lead"], "clean"),
        ("student", result["student"]["lead"], "fgsm"),
        ("student / T", result["student"]["lead"] / result["temperature"], "noise"),
    ]
    for height, (_, lead, role) in enumerate(reversed(rows)):
        axes.plot([1, lead], [height, height], color=style.color(role), linewidth=5)
        axes.text(lead * 1.15, height, f"{lead:.0f}", va="center", color=style.color(role), weight="bold")
    axes.axvline(UNDERFLOW, color=style.color("muted"), linestyle="--")
    axes.text(UNDERFLOW * 1.05, 2.55, "float32: exp(−lead) = 0", color=style.color("muted"), fontsize=11)
    axes.set_yticks(range(len(rows)), [name for name, *_ in reversed(rows)])
    axes.set(xscale="log", ylim=(-0.6, 3.0), xlim=(1, 10_000), xlabel="lead of the right logit (median)")
    axes.grid(visible=False, axis="y")
    gone = result["student"]["vanished at test temperature"]
    return Drawing(
        drawing,
        alt="Median lead of the right logit: " + "; ".join(f"{name} {lead:.0f}" for name, lead, _ in rows) + ". "
        f"Beyond {UNDERFLOW:.0f} the probabilities of all other classes are zero in float32.",
        caption="By how much the right logit leads the next. Right of the dashed line the other probabilities become "
        f"zero, and with them the gradient: for {100 * gone['value']:.1f}% of the images of the student. Divided by "
        f"the temperature T = {result['temperature']:g} the lead is an ordinary one. n = {gone['n']:,} test images.",
    )


#: The lead at which exp(-lead) falls below float32's smallest number, 2 to the power of -149.
UNDERFLOW = 103.97
