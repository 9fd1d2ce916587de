"""The pictures and plots of the page on patches."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from advlab.attacks.transformations import ANGLE, SCALES
from advlab.chapters.patches.measure import PLACES, SIZE, STEPS, TARGET, TRAIN_IMAGES, large, small
from advlab.chapters.shared import style
from advlab.chapters.shared.cells import percent
from advlab.engine.chapter import Drawing, figure

Result = dict[str, Any]
#: The role of each pasted picture, which gives colour and marker.
LOOKS: dict[str, style.Role] = {
    "patch": "fgsm",
    "a real three": "pgd",
    "noise": "noise",
    "grey": "article",
    "white": "clean",
}


def of_all(few: Result, many: Result) -> dict[str, Result]:
    """The rows of all sizes in order."""
    both: dict[str, Result] = few["sizes"] | many["sizes"]
    return dict(sorted(both.items(), key=lambda item: int(item[0])))


@figure(small, large)
def patches(few: Result, many: Result) -> Drawing:
    """The trained patches, and the controls at one size."""
    sizes = of_all(few, many)
    kinds = [kind for kind in LOOKS if kind != "patch"]
    drawn, axes = plt.subplots(2, 4, figsize=(style.WIDTH, 4.0), squeeze=False)
    for place, (size, row) in zip(axes[0], sizes.items(), strict=True):
        style.show(place, in_circle(row["pictures"]["patch"]), f"patch, {size} pixels")
        place.set_facecolor(style.color("grid"))
    for place, kind in zip(axes[1], kinds, strict=True):
        style.show(place, in_circle(sizes[str(SIZE)]["pictures"][kind]), kind)
        place.set_facecolor(style.color("grid"))
    return Drawing(
        drawn,
        alt=f"Above, {len(sizes)} round patches of {', '.join(sizes)} pixels: black and white blots. Below, what they "
        f"are compared with, each {SIZE} pixels wide: {', '.join(kinds)}.",
        caption=f"Above: a patch of each size, trained for {STEPS} steps on {TRAIN_IMAGES:,} training images to be "
        f"read as a {TARGET}. Below: the controls, here of {SIZE} pixels. Only the circle is pasted.",
    )


def in_circle(levels: list[list[int]]) -> Any:
    """A picture in [0, 1] with only its inscribed circle shown."""
    pixels = np.asarray(levels, dtype=float) / 255
    centres = (np.arange(len(pixels)) + 0.5) / len(pixels) * 2 - 1
    return np.where(np.hypot(centres[:, None], centres[None, :]) < 1, pixels, np.nan)


@figure(large)
def pasted(result: Result) -> Drawing:
    """The first images: clean, with noise, and with the patch at the same place."""
    shown = result["sizes"][str(SIZE)]["shown"]
    drawn, axes = plt.subplots(3, len(shown), figsize=(style.WIDTH, 5.0), squeeze=False)
    for column, one in enumerate(shown):
        rows = (("clean", one["label"]), ("noise", one["noise read"]), ("patched", one["read"]))
        for row, (kind, read) in enumerate(rows):
            place = axes[row][column]
            style.show(place, np.asarray(one[kind]) / 255)
            wrong = read != one["label"]
            place.set_xlabel(
                f"{'✗' if wrong else '✓'} {read}",
                color=style.color("fgsm" if wrong else "ink"),
                weight="bold" if wrong else "normal",
            )
    for row, name in zip(axes, ("clean", "noise", "patch"), strict=True):
        row[0].set_ylabel(name)
    words = "; ".join(f"a {one['label']}, read as {one['noise read']} and {one['read']}" for one in shown)
    return Drawing(
        drawn,
        alt=f"Three rows of {len(shown)} digits: clean, with a round spot of noise, with the patch at the same place, "
        f"turned and scaled alike: {words}.",
        caption=f"The first {len(shown)} test images that are no {TARGET}, not chosen by their results: clean, with "
        f"the control of noise, and with the patch of {SIZE} pixels at the same random place. Below: the answer; "
        "✗ marks a wrong one.",
    )


@figure(small, large)
def by_size(few: Result, many: Result) -> Drawing:
    """How often an image is read as the target, against the patch's size, for the patch and its controls."""
    sizes = of_all(few, many)
    drawn, axes = plt.subplots(figsize=(style.WIDTH, 4.4))
    at = [int(size) for size in sizes]
    for kind, role in LOOKS.items():
        shares = [row["read"][kind]["target"] for row in sizes.values()]
        axes.plot(at, [one["value"] for one in shares], label=kind, **style.line(role))
        axes.vlines(at, [one["low"] for one in shares], [one["high"] for one in shares], color=style.color(role))
    axes.set(xlabel="width of the patch, in pixels (an image: 28)", ylabel=f"read as {TARGET}", xticks=at)
    style.percent_axis(axes)
    style.label_ends(axes, dict(LOOKS), gap=0.07)
    words = "; ".join(
        f"{kind}: "
        + ", ".join(f"{percent(row['read'][kind]['target']['value'])} at {size}" for size, row in sizes.items())
        for kind in LOOKS
    )
    return Drawing(
        drawn,
        alt=f"The share of images read as {TARGET} against the width of what is pasted. {words}.",
        caption=f"How often a test image that is no {TARGET} is read as one, with a round picture at a random place "
        f"inside it (turned by up to {ANGLE:g} degrees, {SCALES[0]:g} to {SCALES[1]:g} times its size). "
        f"n = {few['n']:,} images, one patch a size; strokes: 95% Wilson intervals.",
    )


@figure(large)
def by_place(result: Result) -> Drawing:
    """The same answers, split by how much of the digit the patch hides."""
    measured = result["sizes"][str(SIZE)]["places"]
    parts = {name: measured[name] for name in PLACES if name in measured}
    drawn, axes = plt.subplots(figsize=(style.WIDTH, 3.6))
    kinds = ("patch", "a real three", "noise")
    width = 0.8 / len(kinds)
    hatches = dict(zip(kinds, ("", "//", ".."), strict=True))
    for number, kind in enumerate(kinds):
        shares = [part[kind] for part in parts.values()]
        at = [place + (number - 1) * width for place in range(len(parts))]
        colour = style.color(LOOKS[kind])
        axes.bar(
            at,
            [one["value"] for one in shares],
            width * 0.92,
            color=colour,
            label=kind,
            hatch=hatches[kind],
            edgecolor=style.color("paper"),
        )
        axes.vlines(at, [one["low"] for one in shares], [one["high"] for one in shares], color=style.color("ink"))
    axes.set_xticks(range(len(parts)), [f"{name}\nn = {part['patch']['n']}" for name, part in parts.items()])
    axes.set_ylabel(f"read as {TARGET}")
    style.percent_axis(axes)
    axes.legend(loc="upper left")
    words = "; ".join(
        f"{name}: " + ", ".join(f"{kind} {percent(part[kind]['value'])}" for kind in kinds)
        for name, part in parts.items()
    )
    return Drawing(
        drawn,
        alt=f"Bars of the share read as {TARGET}, by how much of the digit's ink the patch hides. {words}.",
        caption=f"The patch of {SIZE} pixels by how much of the digit's ink it hides, by chance. "
        "The controls lie at the same places. Strokes: 95% Wilson intervals.",
    )
