"""What the page on threat models claims of its results."""

from __future__ import annotations

from typing import Any

from advlab.chapters.threat_model.measure import DOORS, doors
from advlab.engine.chapter import claim

Result = dict[str, Any]
GRADIENT = ("FGSM", "PGD")
#: The fast copy of the full model rounds otherwise than the model itself, and a search by chance may part there.
SLACK = 0.05


@claim(doors)
def gradients_need_the_model(result: Result) -> bool:
    """FGSM and PGD run behind the open door alone."""
    return all(
        (result["left"][attack][door] is not None) == (door == "full model") for attack in GRADIENT for door in DOORS
    )


@claim(doors)
def scores_need_scores(result: Result) -> bool:
    """Square leaves less with scores than with decisions; the gradient makes hardly a difference to it."""
    left = result["left"]["Square"]
    apart = abs(left["scores"]["value"] - left["full model"]["value"])
    return bool(apart <= SLACK and left["scores"]["value"] < left["decisions"]["value"])


@claim(doors)
def decisions_are_enough(result: Result) -> bool:
    """HopSkipJump finds as much with decisions as with all, to a few images, and something."""
    left = result["left"]["HopSkipJump"]
    apart = abs(left["decisions"]["value"] - left["full model"]["value"])
    return bool(apart <= SLACK and left["full model"]["count"] < result["clean"]["count"])


@claim(doors)
def nothing_is_something(result: Result) -> bool:
    """Transfer runs behind the shut door alike, alone does so, and its intervals lie below the clean accuracy's."""
    rows = result["left"]
    others = [rows[attack]["nothing"] for attack in rows if attack != "transfer"]
    shut = rows["transfer"]["nothing"]
    same = all(rows["transfer"][door]["count"] == shut["count"] for door in DOORS)
    return bool(same and others.count(None) == len(others) and shut["high"] < result["clean"]["low"])
