"""The table of the page on adversarial training."""

from __future__ import annotations

from typing import Any

from advlab.chapters.adversarial_training.figures import NAMES
from advlab.chapters.adversarial_training.measure import longest, random_single, several, single, trades
from advlab.chapters.shared.cells import percent, with_interval
from advlab.engine.chapter import Table, table

Result = dict[str, Any]


@table(single, random_single, several, trades, longest)
def forms(*results: Result) -> Table:
    """Cost and accuracies of each form of adversarial training."""
    rows = [
        [
            name,
            str(result["passes"]),
            f"{result['epochs'] * result['images']:,}",
            f"{result['seconds']:.0f}&nbsp;s",
            percent(result["clean on all"]["value"]),
            percent(result["FGSM"]["value"]),
            percent(result["PGD"]["value"]),
            with_interval(result["robust"]["0.3"]),
        ]
        for name, result in zip(NAMES, results, strict=True)
    ]
    return Table(
        ["trained on", "passes", "images", "time", "clean", "FGSM", "PGD", "strong attacks"],
        rows,
        f"ε = {results[0]['epsilon']:g} in pixels, L-infinity, untargeted, white box. Passes: forward passes of a "
        "batch in one step of training, each with its way back. Images: seen in training, with repetition. Clean: all "
        f"{results[0]['clean on all']['n']:,} test images. The attacks: n = {results[0]['n']:,}, 95% Wilson intervals "
        "in brackets.",
        "lrrrrrrr",
    )
