"""The tables of the page on smoothing."""

from __future__ import annotations

from typing import Any

from advlab.chapters.shared.cells import with_interval
from advlab.chapters.smoothing.measure import half, one, quarter
from advlab.engine.chapter import Table, table

Result = dict[str, Any]
#: L2 radii of the rows, as the results name them.
ROWS = ("0", "0.25", "0.5", "0.75", "1", "1.25", "1.5", "2", "2.5")


@table(quarter, half, one)
def certified(*results: Result) -> Table:
    """Certified accuracy by radius, for each noise."""
    rows = [[radius, *(cell(found, radius) for found in results)] for radius in ROWS]
    counts = ", ".join(f"{found['draws']:,}" for found in results)
    return Table(
        ["L2 radius", *(f"σ = {found['sigma']:g}" for found in results)],
        rows,
        f"Share of images proved to be answered right within the radius, in pixel units. {counts} draws an image, each "
        f"certificate wrong with a probability of at most {results[0]['alpha']:g}. n = {results[0]['at']['0']['n']:,}, "
        "95% Wilson intervals. A dash: no image can be proved so far with so many draws.",
        "lrrr",
    )


def cell(found: Result, radius: str) -> str:
    """A certified accuracy, or a dash beyond what the draws can prove."""
    return "–" if float(radius) > found["largest radius"] else with_interval(found["at"][radius])


@table(quarter, half, one)
def classifiers(*results: Result) -> Table:
    """Each smoothed classifier beside the network that it is made from."""
    whats = {
        "network without noise": "network alone: right, no noise",
        "network, one draw": "network alone: right, one draw of noise",
        "0": "smoothed: right",
        "abstains": "smoothed: abstains",
        "wrong": "smoothed: wrong",
        "answers otherwise": "smoothed: answers other than the network alone",
    }
    rows = [[what, *(with_interval(found["at"]["0"] if key == "0" else found[key]) for found in results)]
            for key, what in whats.items()]  # fmt: skip
    rows.append(["passes through the network for one image", *(f"{f['draws'] + f['guesses']:,}" for f in results)])
    rows.append(["largest radius that these can prove", *(f"{found['largest radius']:.2f}" for found in results)])
    return Table(
        ["no attack", *(f"σ = {found['sigma']:g}" for found in results)],
        rows,
        f"Three networks, each trained under the noise that it is asked with. n = {results[0]['at']['0']['n']:,}, 95% "
        "Wilson intervals.",
        "lrrr",
    )
