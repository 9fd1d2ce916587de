"""What the page on patches claims about its results."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from advlab.chapters.patches.figures import of_all
from advlab.chapters.patches.measure import SEEDS, SIZE, large, small
from advlab.engine.chapter import claim

Result = dict[str, Any]
UNTRAINED = ("noise", "grey", "white")


@claim(small, large)
def larger_is_stronger(few: Result, many: Result) -> bool:
    """Each larger patch makes images read as its target more often than the one before."""
    shares = [row["read"]["patch"]["target"]["value"] for row in of_all(few, many).values()]
    return all(one < two for one, two in pairwise(shares))


@claim(small)
def smallest_is_weak(result: Result) -> bool:
    """The smallest patch makes fewer than one image in ten read as its target."""
    return bool(result["sizes"][min(result["sizes"], key=int)]["read"]["patch"]["target"]["value"] < 0.1)


@claim(large)
def beats_untrained(result: Result) -> bool:
    """At both large sizes the patch reaches its target more often than noise, grey and white; no intervals overlap."""
    return all(
        row["read"]["patch"]["target"]["low"] > row["read"][kind]["target"]["high"]
        for row in result["sizes"].values()
        for kind in UNTRAINED
    )


@claim(large)
def beats_a_real_three(result: Result) -> bool:
    """At both large sizes the patch reaches its target more often than a pasted real three; no intervals overlap."""
    return all(
        row["read"]["patch"]["target"]["low"] > row["read"]["a real three"]["target"]["high"]
        for row in result["sizes"].values()
    )


@claim(large)
def place_matters(result: Result) -> bool:
    """The patch succeeds more often where it hides more of the digit: the two extremes' intervals do not overlap."""
    parts = result["sizes"][str(SIZE)]["places"]
    return bool(parts["more"]["patch"]["low"] > parts["less than a third"]["patch"]["high"])


@claim(large)
def noise_hides_too(result: Result) -> bool:
    """At the largest size even untrained noise leaves at most three images in four right."""
    return bool(result["sizes"][max(result["sizes"], key=int)]["read"]["noise"]["right"]["value"] <= 0.75)


@claim(large)
def carries_over(result: Result) -> bool:
    """On both other networks the large patches reach the target more often than noise does on the first one."""
    return all(
        row["carried to"][f"seed {seed}"]["target"]["low"] > row["read"]["noise"]["target"]["high"]
        for row in result["sizes"].values()
        for seed in SEEDS[1:]
    )


@claim(large)
def nearly_as_often(result: Result) -> bool:
    """On both other networks the large patches reach the target at least three quarters as often as on their own."""
    return all(
        row["carried to"][f"seed {seed}"]["target"]["value"]
        >= 0.75 * row["carried to"][f"seed {SEEDS[0]}"]["target"]["value"]
        for row in result["sizes"].values()
        for seed in SEEDS[1:]
    )
