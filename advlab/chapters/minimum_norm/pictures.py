"""The images on the page on attacks of minimum norm: clean, attacked, and what was changed."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from advlab.chapters.minimum_norm import measure
from advlab.chapters.shared import style
from advlab.engine.chapter import Drawing, figure

#: The factor by which the changes to the standard model's images are amplified; the others are drawn as they are.
TIMES = 2
#: The number of images shown, the first that both models read right.
SHOWN = 5


def in_both(one: dict[str, Any], other: dict[str, Any]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The pictures of both results that show the same image, in order."""
    others = {picture["index"]: picture for picture in other["pictures"]}
    return [(picture, others[picture["index"]]) for picture in one["pictures"] if picture["index"] in others]


@figure(measure.cw_standard, measure.cw_robust)
def nearest_errors(standard: dict[str, Any], robust: dict[str, Any]) -> Drawing:
    """The nearest errors that C&W found, on both models."""
    pairs = in_both(standard, robust)[:SHOWN]
    columns = len(pairs)
    drawn, axes = plt.subplots(5, columns, figsize=(style.WIDTH, 7.6), squeeze=False)
    words = []
    for column, pair in enumerate(pairs):
        clean = np.asarray(pair[0]["grey levels"], dtype=float) / 255
        style.show(axes[0][column], clean)
        axes[0][column].set_xlabel(f"✓ {pair[0]['label']}")
        for row, name, found, limit in ((1, "standard", pair[0], 1 / TIMES), (3, "PGD-trained", pair[1], 1.0)):
            change = np.asarray(found["change"])
            style.show(axes[row][column], np.clip(clean + change, 0, 1))
            style.show(axes[row + 1][column], change, kind="change", limit=limit)
            wrong = found["distance"] is not None
            axes[row][column].set_xlabel(
                f"✗ {found['answer']}, {found['distance']:.2f}" if wrong else f"✓ {found['answer']}",
                color=style.color("fgsm" if wrong else "ink"),
                weight="bold" if wrong else "normal",
            )
            words.append(f"{name}: a {found['label']} read as {found['answer']}")
    names = ("clean", "standard", f"change ×{TIMES}", "PGD-trained", "change")
    for row, name in zip(axes, names, strict=True):
        row[0].set_ylabel(name)
    return Drawing(
        drawn,
        alt=f"Five rows of {columns} images: clean; the nearest error on the standard model; its change, {TIMES} times "
        "as strong; the nearest error on the PGD-trained model; its change. " + "; ".join(words) + ".",
        caption=f"The first {columns} images that both models read right, and the nearest errors that C&W found. Below "
        "an attacked image: ✗ the model's wrong answer, and the L2 distance. Orange pixels became brighter, blue ones "
        f"darker; the standard model's changes are drawn {TIMES} times as strong.",
    )
