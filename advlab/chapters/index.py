"""The home page: one digit of each class before and after FGSM, the picture that the whole book is about."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import torch
from torch import Tensor

from advlab import zoo
from advlab.attacks import fgsm
from advlab.chapters.fgsm import epsilon_table
from advlab.chapters.shared import style
from advlab.data import CLASSES, mnist
from advlab.engine.cache.profile import Profile
from advlab.engine.chapter import Drawing, claim, figure, measurement
from advlab.evaluation import logits

EPSILON = 0.2  # pixel units
COLUMNS = 5  # of the picture: readable on a phone
SIGNS = "-0+"  # of a pixel's change: darker, none, brighter


@measurement(trainings=lambda profile: [zoo.training(zoo.for_profile(zoo.STANDARD, profile))])
def digits(profile: Profile) -> dict[str, Any]:
    """What the standard model reads in the first test image of each class, before and after FGSM at epsilon 0.2."""
    model = zoo.trained(zoo.for_profile(zoo.STANDARD, profile))
    test = mnist("test")
    first = torch.tensor([int((test.labels == digit).nonzero()[0]) for digit in range(CLASSES)])
    images, labels = test.images[first], test.labels[first]
    attacked = fgsm(model, images, labels, EPSILON)
    before, after = (logits(model, batch).softmax(dim=1).max(dim=1) for batch in (images, attacked))
    shown = [
        {
            "index": int(first[row]),
            "label": int(labels[row]),
            "clean": int(before.indices[row]),
            "attacked": int(after.indices[row]),
            "confidence": float(after.values[row]),
            "change": written(attacked[row] - images[row]),
        }
        for row in range(CLASSES)
    ]
    return {
        "epsilon": EPSILON,
        "shown": shown,
        "number": len(shown),
        "right_before": sum(one["clean"] == one["label"] for one in shown),
        "wrong_after": sum(one["attacked"] != one["label"] for one in shown),
    }


def written(change: Tensor) -> str:
    """The sign of each pixel's change, as one character per pixel, row by row."""
    return "".join(SIGNS[int(sign) + 1] for sign in change.sign().flatten().tolist())


def changed(image: Tensor, change: str, epsilon: float) -> Tensor:
    """The attacked image again: each pixel moved by `epsilon` as `written` says, and clipped to [0, 1]."""
    signs = torch.tensor([SIGNS.index(sign) - 1.0 for sign in change]).reshape(image.shape)
    return (image + epsilon * signs).clamp(0, 1)


@figure(digits)
def picture(result: dict[str, Any]) -> Drawing:
    """One column per class: the clean image, the change, the attacked image, and what the model reads."""
    images, shown, epsilon = mnist("test").images, result["shown"], result["epsilon"]
    bands = -(-len(shown) // COLUMNS)
    fig = plt.figure(figsize=(style.WIDTH, 3.95 * bands), layout="none")
    for band in range(bands):
        top, height = 1 - band / bands, 1 / bands
        grid = fig.add_gridspec(
            3,
            COLUMNS,
            left=0.045,
            right=0.995,
            top=top - 0.085 * height,
            bottom=top - 0.92 * height,
            wspace=0.06,
            hspace=0.06,
        )
        for column, one in enumerate(shown[band * COLUMNS : (band + 1) * COLUMNS]):
            rows = [fig.add_subplot(grid[row, column]) for row in range(3)]
            clean = images[one["index"]]
            attacked = changed(clean, one["change"], epsilon)
            style.show(rows[0], clean)
            style.show(rows[1], attacked - clean, kind="change", limit=epsilon)
            style.show(rows[2], attacked)
            rows[0].set_title(f"read as {one['clean']}", **_reading(one["clean"] == one["label"]))
            rows[2].set_xlabel(f"read as {one['attacked']}", **_reading(one["attacked"] == one["label"]))
            if column == 0:
                for axes, name in zip(rows, ("clean", "change", "attacked"), strict=True):
                    axes.set_ylabel(name, fontsize=12)
    readings = ", ".join(f"{one['label']} as {one['attacked']}" for one in shown)
    return Drawing(
        fig,
        alt=f"{len(shown)} handwritten digits, one of each class, in three rows: clean, the change that FGSM makes, "
        "attacked. The attacked digits keep their shape on a speckled grey ground. The model reads "
        f"{result['right_before']} of the clean ones right and {result['wrong_after']} of the attacked ones wrong: "
        f"{readings}.",
        caption=f"The first test image of each class, not chosen by hand; n = {len(shown)}. Middle: what FGSM adds, "
        f"at most ε = {epsilon:g} a pixel ({255 * epsilon:.0f}/255), orange brighter and blue darker. Numbers: what "
        f"the model reads, orange where it is wrong ({result['wrong_after']} of {len(shown)} after the attack, "
        f"{len(shown) - result['right_before']} before).",
    )


def _reading(right: bool) -> dict[str, Any]:
    return {"color": style.color("clean" if right else "fgsm"), "weight": "bold", "fontsize": 13}


@claim(epsilon_table)
def nearly_all_right(result: dict[str, Any]) -> bool:
    """At most one clean image in twenty-five is misread."""
    return bool(result["0"]["accuracy"]["value"] >= 0.96)


@claim(epsilon_table)
def often_misread(result: dict[str, Any]) -> bool:
    """At least a third of the images are misread under FGSM at epsilon 0.2, more than at 0.1 and without attack."""
    values = [result[epsilon]["accuracy"]["value"] for epsilon in ("0", "0.1", "0.2")]
    return bool(values[0] > values[1] > values[2] and values[2] <= 2 / 3)
