"""The pictures of the page on FGSM: the attack step by step, side by side, and under a slider."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from advlab.chapters.fgsm.examples import examples
from advlab.chapters.shared import style
from advlab.chapters.shared.cells import percent
from advlab.engine.chapter import Drawing, Slider, figure, slider
from advlab.threat import epsilon_units

#: The epsilon of the still pictures, in pixel units; it is one of the slider's.
EPSILON = 0.2


def pixels(image: dict[str, Any]) -> Any:
    """An example's pixels in [0, 1]."""
    return np.asarray(image["grey levels"], dtype=float) / 255


def attacked(image: dict[str, Any], epsilon: float) -> Any:
    """The example after FGSM, made from the measured sign of the gradient."""
    return np.clip(pixels(image) + epsilon * np.asarray(image["sign"]), 0, 1)


def answer(image: dict[str, Any], epsilon: float) -> tuple[int, float]:
    """The digit that the model reads in the example at this epsilon, and its confidence."""
    probabilities = image["probabilities"][f"{epsilon:g}"]
    best = max(range(len(probabilities)), key=probabilities.__getitem__)
    return best, probabilities[best]


def answered(axes: Axes, image: dict[str, Any], epsilon: float) -> None:
    """Write the model's answer below an image: in the attack's colour, and with a cross, where it is wrong."""
    digit, sureness = answer(image, epsilon)
    wrong = digit != image["label"]
    axes.set_xlabel(
        f"{'✗' if wrong else '✓'} {digit}, {100 * sureness:.0f}%",
        color=style.color("fgsm" if wrong else "ink"),
        weight="bold" if wrong else "normal",
    )


@figure(examples)
def process(result: dict[str, Any]) -> Drawing:
    """One image through the steps of FGSM."""
    image = result["images"][0]
    clean, sign, end = pixels(image), np.asarray(image["sign"], dtype=float), attacked(image, EPSILON)
    total = clean + EPSILON * sign
    drawn, axes = plt.subplots(1, 5, figsize=(style.WIDTH, 2.1))
    style.show(axes[0], clean, "image")
    style.show(axes[1], np.cbrt(np.asarray(result["gradient of the first"])), "gradient", kind="change")
    style.show(axes[2], sign, "its sign", kind="change")
    style.show(axes[3], total, "sum")
    # What the next step cuts off: pixels below black and above white, in the colours of a change.
    outside = np.where(total < 0, total, np.where(total > 1, total - 1, np.nan))
    axes[3].imshow(outside, cmap=style.change_colours(), vmin=-EPSILON, vmax=EPSILON, interpolation="none")
    style.show(axes[4], end, "clipped")
    answered(axes[0], image, 0.0)
    answered(axes[4], image, EPSILON)
    moved, cut = float((end != clean).mean()), float((total != end).mean())
    return Drawing(
        drawn,
        alt=f"Five pictures of one handwritten {image['label']}: the image; the gradient, strong around the stroke "
        f"only; its sign, full strength everywhere; their sum, in which {percent(cut)} of pixels lie outside black and "
        f"white; and the clipped result, a grey pattern around a {image['label']} that is still plain to read.",
        caption=f"FGSM on the first image of the test set, $\\epsilon = {EPSILON:g}$. Orange: up, blue: down. The "
        "gradient is drawn by its cube root, or little of it would show. In the sum, the coloured pixels have left the "
        f"domain; clipping brings them back. In the end {percent(moved)} of the pixels have moved. Below: the model's "
        "answer and its confidence.",
    )


@figure(examples)
def side_by_side(result: dict[str, Any]) -> Drawing:
    """Clean images, what FGSM adds to them, and the results."""
    images = result["images"]
    drawn, axes = plt.subplots(3, len(images), figsize=(style.WIDTH, 5.0), squeeze=False)
    for column, image in enumerate(images):
        style.show(axes[0][column], pixels(image))
        style.show(axes[1][column], attacked(image, EPSILON) - pixels(image), kind="change", limit=EPSILON)
        style.show(axes[2][column], attacked(image, EPSILON))
        answered(axes[0][column], image, 0.0)
        answered(axes[2][column], image, EPSILON)
    for row, name in zip(axes, ("clean", "change", "adversarial"), strict=True):
        row[0].set_ylabel(name)
    words = "; ".join(
        f"a {image['label']}, read as {answer(image, 0.0)[0]} before and {answer(image, EPSILON)[0]} "
        f"({percent(answer(image, EPSILON)[1])}) after"
        for image in images
    )
    return Drawing(
        drawn,
        alt=f"Three rows of {len(images)} images: clean, the change, and the sum. {words}. The patterns of grey are "
        "easy to see, and so are the digits.",
        caption=f"The first {len(images)} images of the test set, $\\epsilon = {EPSILON:g}$ (L-infinity): not chosen "
        "by their results. Below: the model's answer and its confidence; ✗ marks a wrong one. In the change, orange "
        "pixels became brighter, blue ones darker; the rest could not move, since clipping took the step back.",
    )


@slider(examples)
def epsilon(result: dict[str, Any]) -> Slider:
    """One image at every epsilon, with the model's probabilities."""
    image = min(result["images"], key=lambda one: one["probabilities"][f"{EPSILON:g}"][one["label"]])
    frames = []
    for text, probabilities in image["probabilities"].items():
        size = float(text)
        drawn, (left, right) = plt.subplots(1, 2, figsize=(style.WIDTH, 3.0), width_ratios=(1, 1.35))
        style.show(left, attacked(image, size))
        digits = range(len(probabilities))
        colours = [style.color("clean" if digit == image["label"] else "fgsm") for digit in digits]
        right.bar(digits, probabilities, color=colours)
        right.set_xticks(digits)
        # Few and plain marks: each letter is an outline in every frame, and frames should load quickly.
        right.set(ylabel="p", ylim=(0, 1.02), yticks=(0, 1))
        right.grid(visible=False)
        digit, sureness = answer(image, size)
        left.set_title(f"{digit}: {sureness:.2f}", color=style.color(_role(digit, image)))
        alt = f"A handwritten {image['label']} at epsilon {text}: the model reads {digit}, {percent(sureness)} sure."
        frames.append((f"ε = {text} ({epsilon_units(size).of_255:g}/255)", Drawing(drawn, alt, "")))
    return Slider(
        "Epsilon",
        frames,
        caption=f"Test image {image['index']}, a {image['label']}: of the first {len(result['images'])}, the one that "
        f"FGSM at $\\epsilon = {EPSILON:g}$ leaves the least probability of being read right. Above the image: what "
        "the model reads, and how probable it finds that. Bars: the probability p of each digit, blue for the true "
        "one.",
    )


def _role(digit: int, image: dict[str, Any]) -> style.Role:
    return "ink" if digit == image["label"] else "fgsm"
