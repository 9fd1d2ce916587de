"""The plots of the page on interval bounds."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt

from advlab.chapters.intervals.attack import between
from advlab.chapters.intervals.measure import growth
from advlab.chapters.shared import style
from advlab.chapters.shared.cells import percent
from advlab.engine.chapter import Drawing, figure

Result = dict[str, Any]
#: The role of each network: colour, marker and stroke.
ROLES = {name: style.MODELS[name] for name in ("standard", "certified")}


@figure(growth)
def widths(result: Result) -> Drawing:
    """The width of both networks' intervals at each layer, in units of the spread of the clean numbers there."""
    drawn, axes = plt.subplots(figsize=(style.WIDTH, 3.8))
    # In the network's order: the store returns names in alphabetical order.
    names = sorted(next(iter(result["widths"].values())), key=lambda name: (name == "logits", name != "pixels", name))
    for network, role in ROLES.items():
        of = result["widths"][network]
        axes.plot(range(len(names)), [of[name] for name in names], label=network, **style.line(role))
    axes.set_yscale("log")
    axes.set_xticks(range(len(names)), names)
    axes.set_ylabel("mean width / clean spread")
    axes.set_xlim(-0.2, len(names) - 0.6)
    style.label_ends(axes, ROLES)
    words = "; ".join(
        f"{network}: " + ", ".join(f"{of[name]:.2g} at {name}" for name in names)
        for network, of in result["widths"].items()
    )
    return Drawing(
        drawn,
        alt=f"Two lines over the layers, the mean width of the intervals on a logarithmic scale. {words}.",
        caption=f"Mean width of the intervals on the way through both networks, ε = {result['epsilon']:g} in pixels, "
        f"n = {result['n']:,} test images. One is the standard deviation of the same numbers on clean images: above "
        "it an interval says little.",
    )


@figure(between)
def band(result: Result) -> Drawing:
    """The certificate as lower bound, AutoAttack as upper bound, and the unknown between them."""
    drawn, axes = plt.subplots(figsize=(style.WIDTH, 4.4))
    at = [0.0, *map(float, result["at"])]
    above = [result["clean"], *(of["AutoAttack"] for of in result["at"].values())]
    below = [result["clean"], *(of["proved"] for of in result["at"].values())]
    axes.fill_between(
        at,
        [of["value"] for of in below],
        [of["value"] for of in above],
        color=style.color("muted"),
        alpha=0.35,
        linewidth=0,
        hatch="///",
        label="unknown",
    )
    lines: tuple[tuple[str, list[Result], style.Role], ...] = (
        ("AutoAttack leaves", above, "fgsm"),
        ("proved", below, "clean"),
    )
    for name, of, role in lines:
        axes.plot(at, [one["value"] for one in of], label=name, **style.line(role))
        axes.vlines(at, [one["low"] for one in of], [one["high"] for one in of], color=style.color(role), linewidth=1)
    axes.set(xlabel="ε, L-infinity, in pixels", ylabel="accuracy", xticks=at)
    axes.tick_params(axis="x", rotation=45)
    style.percent_axis(axes)
    axes.legend(loc="lower left")
    words = ", ".join(
        f"{percent(of['proved']['value'])} and {percent(of['AutoAttack']['value'])} at {epsilon}"
        for epsilon, of in result["at"].items()
    )
    return Drawing(
        drawn,
        alt="Two falling lines close to each other, proved accuracy below and accuracy under AutoAttack above, with a "
        f"hatched band between. Proved and attacked: {words}.",
        caption="The certified network on the same images: from below what intervals prove, from above what AutoAttack "
        f"leaves. The true robust accuracy lies in the band. n = {result['n']:,}, strokes: 95% Wilson intervals. At "
        "zero both are the accuracy without attack.",
    )
