"""The tables and claims of the closing page."""

from __future__ import annotations

from typing import Any

from advlab.chapters.mnist.measure import first_thousand, neighbours, pixels
from advlab.chapters.shared.cells import with_interval
from advlab.engine.chapter import Table, claim, table

Result = dict[str, Any]


@table(neighbours)
def without_a_network(result: Result) -> Table:
    """The nearest neighbour as a classifier: its accuracy, and what the triangle inequality proves."""
    rows = [
        [
            name,
            with_interval(result[name]["right"]),
            *(with_interval(result[name]["proved"][f"{result[size]:g}"]) for size in ("small", "large")),
        ]
        for name in ("Linf", "L2")
    ]
    return Table(
        ["distance", "right", f"proved, radius {result['small']:g}", f"proved, radius {result['large']:g}"],
        rows,
        f"The label of the nearest of {result['training images']:,} training images, no network. Proved: the radius, "
        "in pixels and in the norm of the row, within which the triangle inequality keeps the answer. "
        f"n = {result['n']:,}, 95% Wilson intervals.",
        "lrrr",
    )


@table(first_thousand)
def order(result: Result) -> Table:
    """Accuracy on the first images of the test set beside that on the rest."""
    rows = [
        [name, with_interval(result[name]["first"]), with_interval(result[name]["rest"])] for name in ("clean", "FGSM")
    ]
    return Table(
        ["", f"first {result['first']:,}", "the rest"],
        rows,
        f"Accuracy of the standard model; FGSM at ε = {result['epsilon']:g} in pixels, L-infinity, white box. n = "
        f"{result['clean']['first']['n']:,} and {result['clean']['rest']['n']:,}; 95% Wilson intervals in brackets.",
        "lrr",
    )


@claim(neighbours)
def classes_lie_apart(result: Result) -> bool:
    """No test image comes within twice the larger radius of a training image of another class."""
    return bool(result["Linf"]["nearest of another class"]["least"] > 2 * result["large"])


@claim(neighbours)
def neighbours_read_digits(result: Result) -> bool:
    """The nearest neighbour in L2 reads nine digits in ten right."""
    return bool(result["L2"]["right"]["low"] > 0.9)


@claim(neighbours)
def distance_is_no_proof(result: Result) -> bool:
    """The triangle inequality proves fewer than one image in ten at the larger L-infinity radius."""
    return bool(result["Linf"]["proved"][f"{result['large']:g}"]["value"] < 0.1)


@claim(pixels)
def two_values(result: Result) -> bool:
    """Nine pixels in ten lie close to black or white."""
    return bool(result["nearly black or white"] >= 0.9)


@claim(first_thousand)
def the_first_are_harder(result: Result) -> bool:
    """The first test images are attacked with more success than the rest."""
    return bool(result["FGSM"]["first"]["value"] < result["FGSM"]["rest"]["value"])
