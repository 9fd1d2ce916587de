"""The tables of the page, and what it claims about them."""

from __future__ import annotations

from typing import Any

from advlab.chapters.article.anchors import anchors
from advlab.chapters.article.figures import SOURCES
from advlab.chapters.article.measure import by_transfer, madrys_attacks, softmax_regression
from advlab.chapters.fgsm import curve, epsilon_table
from advlab.chapters.shared.cells import percent, with_interval
from advlab.chapters.shared.published import published
from advlab.engine.chapter import Table, claim, table

Result = dict[str, Any]


@table(*SOURCES)
def beside(*results: Result) -> Table:
    """Each published figure beside ours, and how the settings differ."""
    return Table(
        ["source", "setting, ε in pixels", "published", "here", "how ours differs"],
        [
            [
                row.source,
                row.setting,
                f'<span class="published">{100 * row.theirs:.2f}%</span>',
                with_interval(row.ours) if isinstance(row.ours, dict) else percent(row.ours),
                row.how,
            ]
            for row in anchors(*results)
        ],
        "L-infinity, untargeted; white box, except the images made on the base network. Ours with 95% Wilson "
        f"intervals; n = {results[0]['n']:,} test images, for PGD {results[5]['n']:,}. A row without an interval is a "
        "mean, or recorded by another run.",
        "llrrl",
    )


@table(by_transfer)
def nsl(result: Result) -> Table:
    """The network trained on FGSM's images, attacked in three ways."""
    rows = [
        ["none", "–", with_interval(result["clean"])],
        ["FGSM on another network", "transfer", with_interval(result["FGSM on the source"])],
        ["FGSM on itself", "white box", with_interval(result["FGSM"])],
        [f"PGD on itself, {result['steps']} steps", "white box", with_interval(result["PGD"])],
    ]
    return Table(
        ["attack", "access", "right"],
        rows,
        f"One network, trained on FGSM's images; ε = {result['epsilon']:g} in pixels, L-infinity, untargeted; "
        f"n = {result['n']:,} test images, for PGD {result['PGD']['n']:,}; 95% Wilson intervals.",
        "llr",
    )


@claim(by_transfer)
def transfer_flatters(result: Result) -> bool:
    """Accuracy on transferred images is at least twenty points above accuracy under PGD on the network itself."""
    return bool(result["FGSM on the source"]["value"] - result["PGD"]["value"] >= 0.2)


@claim(by_transfer)
def transfer_looks_robust(result: Result) -> bool:
    """At least three quarters of the transferred images are read right."""
    return bool(result["FGSM on the source"]["value"] >= 0.75)


@claim(softmax_regression)
def linear_falls_entirely(result: Result) -> bool:
    """The linear classifier misreads at least 99 in 100 images under FGSM, as published."""
    return bool(result["FGSM"]["error"]["value"] >= 0.99)


@claim(epsilon_table, curve)
def within_ten_points(table: Result, between: Result) -> bool:
    """At each epsilon our network is within ten points of the tutorial's."""
    rows = table | between
    return all(
        abs(rows[epsilon]["accuracy"]["value"] - published(f"tutorial_fgsm_{epsilon}")["value"]) <= 0.1
        for epsilon in ("0.05", "0.1", "0.15", "0.2", "0.25", "0.3")
    )


@claim(madrys_attacks)
def attacks_in_order(result: Result) -> bool:
    """More images are right under FGSM than under PGD with a few restarts, on the same images."""
    return bool(result["FGSM"]["value"] > result["PGD, restarts"]["value"])
