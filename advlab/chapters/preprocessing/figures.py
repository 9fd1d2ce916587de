"""The plots of the page on preprocessing."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt

from advlab.chapters.preprocessing.defense_rows import by_name
from advlab.chapters.preprocessing.measure import (
    coarse,
    jpeg,
    median,
    one_bit,
    over_epsilon,
    resizing,
    total_variation,
)
from advlab.chapters.preprocessing.undefended import pixels, undefended
from advlab.chapters.shared import style
from advlab.chapters.shared import two_dots as two_dots
from advlab.chapters.shared.two_dots import Pair
from advlab.engine.chapter import Drawing, figure

Result = dict[str, Any]


@figure(jpeg, total_variation, coarse, median, resizing, one_bit)
def dots(*results: Result) -> Drawing:
    """Accuracy of each defense at both epsilons: on images made without it, and on images made for it."""
    rows = [
        Pair(f"{name}, ε = {epsilon}", found[f"FGSM, static, {epsilon}"], found[f"adaptive, {epsilon}"])
        for epsilon in ("0.1", "0.3")
        for name, found in by_name(*results).items()
    ]
    n = results[0]["clean"]["n"]
    return Drawing(
        two_dots.draw(rows, "accuracy under attack"),
        alt=f"Pairs of dots, accuracy under FGSM made on the undefended model and under the adaptive attack. "
        f"{two_dots.said(rows)}.",
        caption="Hollow: FGSM made on the undefended model. Full: an attack made through the defense. L-infinity, "
        f"pixel units, untargeted, n = {n:,} test images; bars are 95% Wilson intervals.",
    )


@figure(one_bit, over_epsilon, undefended)
def one_bit_over_epsilon(near: Result, further: Result, bare: Result) -> Drawing:
    """Accuracy behind rounding to black and white against epsilon, beside the undefended model."""
    drawing, axes = plt.subplots()
    found = {0.0: near["clean"]} | {float(name): near[f"adaptive, {name}"] for name in ("0.1", "0.3")}
    found |= {float(name): of for name, of in further.items()}
    epsilons = sorted(found)
    values = [found[epsilon]["value"] for epsilon in epsilons]
    axes.plot(epsilons, values, label="one bit", **style.line("clean"))
    low, high = ([found[epsilon][side] for epsilon in epsilons] for side in ("low", "high"))
    axes.fill_between(epsilons, low, high, color=style.color("clean"), alpha=0.12)
    plain = {0.0: bare["clean"]} | {float(name): bare[f"PGD, {name}"] for name in ("0.1", "0.3")}
    axes.plot(list(plain), [of["value"] for of in plain.values()], label="undefended", **style.line("fgsm"))
    axes.set(xlabel="ε, pixel units", ylabel="accuracy under attack")
    style.percent_axis(axes)
    style.label_ends(axes, {"one bit": "clean", "undefended": "fgsm"})
    return Drawing(
        drawing,
        alt="Accuracy behind one-bit rounding: "
        + ", ".join(f"{100 * value:.1f}% at ε {epsilon:g}" for epsilon, value in zip(epsilons, values, strict=True))
        + f". Undefended: {100 * bare['PGD, 0.1']['value']:.1f}% at ε 0.1, {100 * bare['PGD, 0.3']['value']:.1f}% at "
        "ε 0.3.",
        caption="Rounding to black and white before the standard model, under the best of what was tried, and the "
        f"standard model alone under PGD. L-infinity, untargeted, n = {near['clean']['n']:,} test images; the band is "
        "the 95% Wilson interval.",
    )


@figure(pixels)
def values(result: Result) -> Drawing:
    """How often each grey level occurs, and which levels a change of epsilon carries across the middle."""
    drawing, axes = plt.subplots(figsize=(style.WIDTH, 3.0))
    shares, edges = result["histogram"], result["edges"]
    width = edges[1] - edges[0]
    movable = [abs((left + width / 2) - 0.5) <= result["epsilon"] for left in edges[:-1]]
    hues = [style.color("fgsm") if inside else style.color("clean") for inside in movable]
    axes.bar(edges[:-1], shares, width=0.9 * width, align="edge", color=hues)
    axes.set(yscale="log", xlabel="pixel value", ylabel="share of pixels", xlim=(-0.02, 1.02))
    axes.axvline(0.5, color=style.color("ink"), linestyle="--", linewidth=1.2)
    inside = sum(share for share, can in zip(shares, movable, strict=True) if can)
    words: dict[str, Any] = {"color": style.color("fgsm"), "weight": "bold", "ha": "center"}
    axes.text(0.5, 1.03, f"can cross: {100 * inside:.1f}%", transform=axes.transAxes, **words)
    return Drawing(
        drawing,
        alt=f"Histogram of pixel values on a logarithmic scale. {100 * shares[0]:.1f}% of the pixels lie in the "
        f"darkest bar, {100 * shares[-1]:.1f}% in the brightest; {100 * inside:.1f}% lie within "
        f"{result['epsilon']:g} of one half.",
        caption="How often each grey level occurs in the test images, on a logarithmic scale. Only the bars in the "
        f"middle can be carried across one half at ε = {result['epsilon']:g}. n = {result['n']:,} images.",
    )
