"""The tables of the challenge, and what the page claims about them."""

from __future__ import annotations

from typing import Any

from advlab.chapters.break_this_page.measure import record, tried
from advlab.chapters.shared.cells import percent
from advlab.engine.chapter import Table, claim, table

Result = dict[str, Any]


@table(record)
def results(result: Result) -> Table:
    """The submissions with the accuracy that each left, the lowest first."""
    entries = sorted(result["entries"], key=lambda one: one["left"])
    rows = [
        [one["who"], one["date"], one["attack"], f"{percent(one['left'] / result['images'])}", f"{one['left']:,}"]
        for one in entries
    ]
    return Table(
        ["who", "when", "attack", "left", f"of {result['images']:,}"],
        rows,
        f"What each attack left right of the challenge's {result['images']:,} images, L-infinity, ε = "
        f"{result['epsilon']:g} in pixels, white box. Recorded, not measured by this build.",
        "lllrr",
    )


@table(record)
def network(result: Result) -> Table:
    """The network to attack."""
    rows = [
        ["weights", "`advlab/recorded/challenge.safetensors`"],
        ["their SHA-256", f"`{result['sha256'][:32]}` `{result['sha256'][32:]}`"],
        ["network", "`advlab.models.deeper_cnn`, loaded by `advlab.challenge.model`"],
        ["images", f"`advlab.data.indices({result['images']})` of MNIST's test set"],
        ["ball", f"L-infinity, ε = {result['epsilon']:g} in pixels, and every pixel between zero and one"],
    ]
    return Table(["", "what"], rows, "The challenge in five lines.", "ll")


@claim(record, tried)
def same_as_recorded(result: Result, now: Result) -> bool:
    """This build's shorter attempt leaves at least the accuracy of the best entry, and at most four points more."""
    best = min(one["left"] for one in result["entries"]) / result["images"]
    return bool(now["robust"]["high"] >= best and now["robust"]["low"] <= best + 0.04)
