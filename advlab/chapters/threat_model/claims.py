"""What the page on threat models claims about its results."""

from __future__ import annotations

from typing import Any

from advlab.chapters.threat_model.measure import DOORS, doors
from advlab.engine.chapter import claim

Result = dict[str, Any]
GRADIENT = ("FGSM", "PGD")
#: Allowed difference: the full model's fast copy rounds differently, and a random search may take another turn there.
SLACK = 0.05


@claim(doors)
def gradients_need_the_model(result: Result) -> bool:
    """FGSM and PGD run behind the open door only."""
    return all(
        (result["left"][attack][door] is not None) == (door == "full model") for attack in GRADIENT for door in DOORS
    )


@claim(doors)
def scores_need_scores(result: Result) -> bool:
    """Square leaves less with scores than with decisions, while the gradient makes hardly any difference to it."""
    left = result["left"]["Square"]
    apart = abs(left["scores"]["value"] - left["full model"]["value"])
    return bool(apart <= SLACK and left["scores"]["value"] < left["decisions"]["value"])


@claim(doors)
def decisions_are_enough(result: Result) -> bool:
    """HopSkipJump breaks some images, and with decisions as many as with the full model, give or take a few."""
    left = result["left"]["HopSkipJump"]
    apart = abs(left["decisions"]["value"] - left["full model"]["value"])
    return bool(apart <= SLACK and left["full model"]["count"] < result["clean"]["count"])


@claim(doors)
def nothing_is_something(result: Result) -> bool:
    """Only transfer runs behind the shut door; it does as well at every door, and its interval lies below clean."""
    rows = result["left"]
    others = [rows[attack]["nothing"] for attack in rows if attack != "transfer"]
    shut = rows["transfer"]["nothing"]
    same = all(rows["transfer"][door]["count"] == shut["count"] for door in DOORS)
    return bool(same and others.count(None) == len(others) and shut["high"] < result["clean"]["low"])
