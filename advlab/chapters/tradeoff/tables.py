"""The table of all models, and what the page on the trade-off claims about them."""

from __future__ import annotations

from typing import Any

from advlab.chapters.shared.cells import percent, stacked
from advlab.chapters.tradeoff.measure import distilled, proved, standard
from advlab.chapters.tradeoff.models import MEASURED, models
from advlab.engine.chapter import Table, claim, table

Result = dict[str, Any]


@table(*MEASURED)
def everything(*results: Result) -> Table:
    """All models: clean, attacked, certified, cost, signs of masking."""
    rows = [
        [
            str(number),
            row.name,
            percent(row.result["clean"]["value"]),
            stacked(row.result["robust"]["0.1"]),
            stacked(row.result["robust"]["0.3"]),
            percent(row.result["certified"]["0.1"]["value"]),
            percent(row.result["certified"]["0.3"]["value"]),
            f"{row.result['seconds']:.0f}&nbsp;s" if "seconds" in row.result else "twice",
            str(len(row.result["signs"]) or "none"),
        ]
        for number, row in enumerate(models(results), start=1)
    ]
    return Table(
        [
            "",
            "model",
            "clean",
            "attacked<br>0.1",
            "attacked<br>0.3",
            "proved<br>0.1",
            "proved<br>0.3",
            "training",
            "signs",
        ],
        rows,
        f"L-infinity, pixel units, untargeted, white box; n = {results[0]['n']:,} test images, 95% Wilson intervals "
        "below the figures. Attacked: what PGD, APGD on two losses and Square leave at each ε, an upper bound. Proved: "
        "by intervals, a lower bound; only the last model was trained for it. Training: seconds of one core; the "
        "distilled model trains twice. Signs: how many of the audit's checks see masked gradients at the larger ε.",
        "llrrrrrrr",
    )


@claim(standard)
def nothing_left_of_standard(result: Result) -> bool:
    """At the larger epsilon the attacks leave the standard model no image."""
    return bool(result["robust"]["0.3"]["count"] == 0)


@claim(distilled)
def nothing_left_of_distilled(result: Result) -> bool:
    """At the larger epsilon the attacks leave the distilled model at most one image in a hundred."""
    return bool(result["robust"]["0.3"]["value"] <= 0.01)


@claim(proved)
def proof_below_attack(result: Result) -> bool:
    """At both epsilons the proved share is at most what attacks leave, and the shares of the bands add up to one."""
    of = result["bands"]
    return all(
        abs(sum(shares) - 1) < 1e-9
        for shares in zip(of["certified"], of["survived"], of["unknown"], of["broken"], strict=True)
    ) and all(result["certified"][epsilon]["count"] <= result["robust"][epsilon]["count"] for epsilon in ("0.1", "0.3"))


@claim(proved)
def the_gap_is_narrow(result: Result) -> bool:
    """At the larger epsilon attacks leave the certified model at most ten points more than is proved."""
    return bool(result["robust"]["0.3"]["value"] - result["certified"]["0.3"]["value"] <= 0.1)


@claim(*MEASURED)
def only_intervals_prove(*results: Result) -> bool:
    """At the smaller epsilon intervals prove some images for the last model and none for any other."""
    return all(result["certified"]["0.1"]["count"] == 0 for result in results[:-1]) and bool(
        results[-1]["certified"]["0.1"]["count"] > 0
    )


@claim(*MEASURED)
def the_price_is_in_the_proof(*results: Result) -> bool:
    """The model with proofs has lower clean accuracy than the longest PGD training, the most robust of all."""
    *_, longest, intervals = results
    robust = [result["robust"]["0.3"]["value"] for result in results]
    return bool(
        intervals["clean"]["value"] < longest["clean"]["value"] and longest["robust"]["0.3"]["value"] == max(robust)
    )


@claim(*MEASURED)
def masking_is_seen(*results: Result) -> bool:
    """The checks raise a flag on the distilled model, and on neither PGD-trained one."""
    named = {row.name: row.result["signs"] for row in models(results)}
    return bool(named["distilled"] and not named["PGD, three steps"] and not named["PGD, deeper"])
