"""What the page on the world claims about its analogues."""

from __future__ import annotations

from typing import Any

from advlab.chapters.world.diagnosis import diagnosis
from advlab.chapters.world.glasses import glasses
from advlab.chapters.world.transactions import transactions
from advlab.engine.chapter import claim

Result = dict[str, Any]
#: Frames that nobody optimised.
PLAIN = ("black", "grey", "white", "noise")


@claim(glasses)
def frames_beat_plain_ones(result: Result) -> bool:
    """On both networks the optimised frame leaves fewer right than any plain frame; the intervals do not overlap."""
    return all(
        model["right"]["untargeted"]["high"] < min(model["right"][kind]["low"] for kind in PLAIN)
        for model in result["models"].values()
    )


@claim(glasses)
def plain_frames_hurt_too(result: Result) -> bool:
    """The worst plain frame alone costs the standard network at least twenty points."""
    right = result["models"]["standard"]["right"]
    return bool(right["clean"]["value"] - min(right[kind]["value"] for kind in PLAIN) >= 0.2)


@claim(glasses)
def impersonating_is_harder(result: Result) -> bool:
    """On both networks, fewer are read as the wanted digit than as any wrong one."""
    return all(
        model["as wanted"]["targeted"]["value"] < 1 - model["right"]["untargeted"]["value"]
        for model in result["models"].values()
    )


@claim(glasses)
def a_slip_costs(result: Result) -> bool:
    """On both networks a frame one pixel aside gives the wanted digit less often, but more often than no frame."""
    found = [model["as wanted"] for model in result["models"].values()]
    return all(one["clean"]["high"] < one["slipped, targeted"]["value"] < one["targeted"]["value"] for one in found)


@claim(diagnosis)
def noise_does_nothing(result: Result) -> bool:
    """Both readers keep at least 85% of the malignant rows under noise, at every epsilon."""
    return all(one["value"] >= 0.85 for reader in result["readers"].values() for one in reader["noise"].values())


@claim(diagnosis)
def at_the_end_nearly_all(result: Result) -> bool:
    """At the largest epsilon each reader keeps fewer than one malignant row in five."""
    return all(list_of(reader["attacked"])[-1]["value"] < 0.2 for reader in result["readers"].values())


@claim(diagnosis)
def the_network_falls_sooner(result: Result) -> bool:
    """At the page's epsilon the network keeps fewer malignant rows than the line; the intervals do not overlap."""
    at = f"{result['epsilon']:g}"
    return bool(result["readers"]["network"]["attacked"][at]["high"] < result["readers"]["line"]["attacked"][at]["low"])


@claim(diagnosis)
def geometry_is_broken(result: Result) -> bool:
    """More than one changed row in five breaks a bound of geometry that no real row breaks."""
    return bool(result["odd"]["value"] > 0.2 and result["odd before"] == 0)


@claim(transactions)
def blind_attack_passes(result: Result) -> bool:
    """Without constraints at least nine frauds in ten pass each detector, and none of them could be made."""
    found = [one["attacks"]["no constraints"] for one in result["detectors"].values()]
    return all(one["passes"]["value"] >= 0.9 and one["feasible"]["count"] == 0 for one in found)


@claim(transactions)
def the_sum_goes_first(result: Result) -> bool:
    """One feasible change gets at least three in four past the trees; of most sums less than a tenth is left."""
    one = result["detectors"]["trees"]["attacks"]["feasible, 1"]
    return bool(one["both"]["value"] >= 0.75 and one["kept"] < 0.1)


@claim(transactions)
def the_full_sum_is_harder(result: Result) -> bool:
    """At the full sum one change gets fewer past the trees than with a smaller sum; the intervals do not overlap."""
    found = result["detectors"]["trees"]["attacks"]
    return bool(found["full sum, 1"]["both"]["high"] < found["feasible, 1"]["both"]["low"])


@claim(transactions)
def feasible_is_less(result: Result) -> bool:
    """On both detectors fewer frauds pass by one feasible change at the full sum than without constraints."""
    found = [one["attacks"] for one in result["detectors"].values()]
    return all(one["full sum, 1"]["both"]["high"] < one["no constraints"]["passes"]["low"] for one in found)


def list_of(by_epsilon: dict[str, Result]) -> list[Result]:
    """The values in the order of their epsilons."""
    return [by_epsilon[key] for key in sorted(by_epsilon, key=float)]
