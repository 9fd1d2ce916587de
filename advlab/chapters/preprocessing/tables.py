"""The tables of the page on preprocessing."""

from __future__ import annotations

from typing import Any

from advlab.chapters.preprocessing.defense_rows import by_name
from advlab.chapters.preprocessing.measure import (
    SLOPES,
    coarse,
    jpeg,
    median,
    one_bit,
    over_epsilon,
    resizing,
    total_variation,
)
from advlab.chapters.preprocessing.undefended import pixels, undefended
from advlab.chapters.shared.cells import with_interval
from advlab.engine.chapter import Table, table

Result = dict[str, Any]


@table(undefended, jpeg, total_variation, coarse, median, resizing, one_bit)
def defenses(bare: Result, *results: Result) -> Table:
    """Each defense: clean, and at both epsilons under two static attacks and the adaptive one."""
    rows = []
    for epsilon in ("0.1", "0.3"):
        cells = [f"{what}, {epsilon}" for what in ("FGSM", "PGD, static", "PGD")]
        rows.append(["none", epsilon, with_interval(bare["clean"]), *(with_interval(bare[cell]) for cell in cells)])
        for name, found in by_name(*results).items():
            cells = [f"{what}, {epsilon}" for what in ("FGSM, static", "PGD, static", "adaptive")]
            rows.append([name, epsilon, with_interval(found["clean"]), *(with_interval(found[cell]) for cell in cells)])
    return Table(
        ["before the model", "ε, pixels", "no attack", "FGSM, static", "PGD, static", "adaptive"],
        rows,
        "Accuracy. Static: made on the undefended model. Adaptive: made through the defense, white box; for one bit "
        "the worst case for each image of everything tried. L-infinity, untargeted, the standard model, one training; "
        f"n = {bare['clean']['n']:,} test images, 95% Wilson intervals.",
        "lrrrrr",
    )


@table(one_bit)
def tried(result: Result) -> Table:
    """The attacks tried against rounding to black and white."""
    whats = {
        "FGSM, static": "FGSM on the undefended model, transferred",
        "PGD, static": "PGD on the undefended model, transferred",
        "BPDA": f"BPDA with the identity, PGD on the margin, {result['steps']} steps",
        **{f"slope {slope:g}": f"a sigmoid of slope {slope:g} for the step, PGD on the margin" for slope in SLOPES},
        "Square": f"Square, {result['queries']} queries",
        "single pixels": f"search over single pixels from there, {result['candidates']} tried for each turn",
        "adaptive": "worst case of all for each image",
    }
    return Table(
        ["attack", "accuracy"],
        [[what, with_interval(result[f"{name}, 0.3"])] for name, what in whats.items()],
        "Rounding to black and white before the standard model: L-infinity, ε = 0.3 in pixels, untargeted; "
        f"n = {result['clean']['n']:,} test images, 95% Wilson intervals.",
        "lr",
    )


@table(pixels, one_bit, over_epsilon)
def movable(count: Result, near: Result, further: Result) -> Table:
    """Pixels that can cross one half, and the accuracy that attacks leave, by epsilon."""
    left = {name: near[f"adaptive, {name}"] for name in ("0.1", "0.3")} | further
    rows = [
        [name, f"{count['movable'][name]['mean']:.0f}", f"{count['movable'][name]['most']}", with_interval(left[name])]
        for name in sorted(left, key=float)
    ]
    return Table(
        ["ε, pixels", "pixels that can cross, mean", "most", "accuracy under the best attack"],
        rows,
        f"Of {count['pixels']} pixels an image, those that a change of ε carries across one half; and the accuracy "
        f"behind one-bit rounding. n = {count['n']:,} test images, 95% Wilson intervals.",
        "rrrr",
    )
