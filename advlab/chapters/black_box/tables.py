"""The tables of the page on black-box attacks."""

from __future__ import annotations

from typing import Any

from advlab.chapters.black_box.between import EPSILON, ROBUST, by_fgsm, by_pgd
from advlab.chapters.black_box.figures import in_order
from advlab.chapters.black_box.queries import SQUARE_QUERIES, by_scores
from advlab.chapters.shared.cells import percent, with_interval
from advlab.engine.chapter import Table, table
from advlab.threat import ThreatModel

Result = dict[str, Any]
#: The network attacked in the ladder of knowledge, and the one that its attacker trained.
VICTIM, OWN = "standard, seed 0", "standard, seed 1"

WHITE = ThreatModel("Linf", EPSILON)
BY_QUERIES = ThreatModel("Linf", EPSILON, knowledge="black box", access="inference API")
BY_TRANSFER = ThreatModel("Linf", EPSILON, knowledge="black box", access="proxy model")


def of_atlas(threat: ThreatModel) -> str:
    """MITRE ATLAS's terms for how the attacker crafts the data and accesses the model."""
    return ", ".join(threat.identifiers["MITRE ATLAS"][1:])


@table(by_fgsm, by_pgd, by_scores)
def knowledge(plain: Result, steps: Result, scores: Result) -> Table:
    """Accuracy of one network by what the attacker knows of it."""
    queried = scores["epsilons"][f"{EPSILON:g}"]["accuracy"]
    rows = [
        ("nothing: random signs", "", plain["noise"][VICTIM]),
        ("a network of their own: FGSM", of_atlas(BY_TRANSFER), plain["made on"][OWN][VICTIM]["accuracy"]),
        ("a network of their own: PGD", of_atlas(BY_TRANSFER), steps["made on"][OWN][VICTIM]["accuracy"]),
        (f"scores for {SQUARE_QUERIES:,} queries: Square", of_atlas(BY_QUERIES), queried),
        ("the weights: FGSM", of_atlas(WHITE), plain["made on"][VICTIM][VICTIM]["accuracy"]),
        ("the weights: PGD", of_atlas(WHITE), steps["made on"][VICTIM][VICTIM]["accuracy"]),
    ]
    return Table(
        ["what the attacker has", "MITRE ATLAS", "accuracy left", "n"],
        [[name, atlas, with_interval(left), f"{left['n']:,}"] for name, atlas, left in rows],
        f"Accuracy of the standard model at epsilon {EPSILON:g} (L-infinity, untargeted), with 95% Wilson intervals; "
        f"clean {with_interval(plain['clean'][VICTIM])}. The attacker's own network has the same recipe, other random "
        "numbers. All of these are AML.T0015 in ATLAS; those without the weights are NISTAML.025 in NIST AI 100-2.",
        "llrr",
    )


@table(by_fgsm, by_pgd)
def transferred(plain: Result, steps: Result) -> Table:
    """Accuracy of each network on images made on the others."""
    names = in_order(plain)
    shown = [("random signs", "none", plain["noise"])]
    for attack, result in (("FGSM", plain), ("PGD", steps)):
        for maker in names:
            shown.append((attack, maker, {name: result["made on"][maker][name]["accuracy"] for name in names}))
    widest = max(row[name]["high"] - row[name]["low"] for _, _, row in shown for name in names)
    rows = [[attack, maker, *(percent(row[name]["value"]) for name in names)] for attack, maker, row in shown]
    return Table(
        ["attack", "made on", *(name if name == ROBUST else name.removeprefix("standard, ") for name in names)],
        rows,
        f"Accuracy of each network (columns) on images made on each (rows) at epsilon {EPSILON:g}, L-infinity, "
        f"untargeted; n = {plain['n']:,} test images; 95% Wilson intervals of at most ±{50 * widest:.1f} points.",
        "ll" + "r" * len(names),
    )
