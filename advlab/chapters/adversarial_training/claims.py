"""What the page on adversarial training claims of its results."""

from __future__ import annotations

from typing import Any

from advlab.chapters.adversarial_training.along import along_clipped, along_random, along_single
from advlab.chapters.adversarial_training.measure import longest, random_single, several, single, trades
from advlab.engine.chapter import claim
from advlab.evaluation import Proportion

Result = dict[str, Any]
#: Of a model that is trained while the site is built: what a reader may count on, on other machines too.
ROBUST, CLEAN = 0.9, 0.985


@claim(along_single)
def overfits(result: Result) -> bool:
    """At the end FGSM leaves at least nine images in ten, and PGD at most one in a hundred."""
    last = result["rows"][-1]
    return bool(last["FGSM"]["value"] >= 0.9 and last["PGD"]["value"] <= 0.01)


@claim(along_single)
def attack_above_clean(result: Result) -> bool:
    """At the end more images are right under FGSM than without any attack."""
    last = result["rows"][-1]
    return bool(last["FGSM"]["count"] > last["clean"]["count"])


@claim(along_single)
def began_honestly(result: Result) -> bool:
    """Early on PGD left something, and later it never did."""
    pgd = [row["PGD"]["count"] for row in result["rows"]]
    return bool(max(pgd[:2]) > 0 and max(pgd[-5:]) <= 1)


@claim(along_random)
def random_start_helps(result: Result) -> bool:
    """At the end PGD leaves at least a fifth of the images of the network trained from random starts."""
    return bool(result["rows"][-1]["PGD"]["value"] >= 0.2)


@claim(along_clipped)
def clipped_start_does_not(result: Result) -> bool:
    """With the start clipped first, PGD leaves at most one image in fifty, and FGSM nine in ten."""
    last = result["rows"][-1]
    return bool(last["PGD"]["value"] <= 0.02 and last["FGSM"]["value"] >= 0.9)


@claim(random_single, several)
def more_steps_are_worth_more(one: Result, three: Result) -> bool:
    """On as many images, three steps in training leave more under the strong attacks than one does."""
    return bool(three["robust"]["0.3"]["value"] > one["robust"]["0.3"]["value"])


@claim(random_single, several, trades, longest)
def attacks_in_order(*results: Result) -> bool:
    """On all but the first model PGD leaves no more than FGSM; the strong attacks, to two points, no more than PGD."""
    return all(
        result["robust"]["0.3"]["value"] - 0.02 <= result["PGD"]["value"] <= result["FGSM"]["value"]
        for result in results
    )


@claim(several, longest)
def longer_is_better(short: Result, long: Result) -> bool:
    """The longer training ends higher, with and without attack."""
    return bool(
        long["robust"]["0.3"]["value"] > short["robust"]["0.3"]["value"]
        and long["clean on all"]["value"] > short["clean on all"]["value"]
    )


@claim(longest)
def nine_in_ten(result: Result) -> bool:
    """The strong attacks leave at least nine in ten, at a clean accuracy of at least 98.5%."""
    return bool(result["robust"]["0.3"]["value"] >= ROBUST and result["clean on all"]["value"] >= CLEAN)


@claim(single)
def overfitted_falls_to_nothing(result: Result) -> bool:
    """Under the strong attacks nothing is left of the network trained on FGSM: at most one image in a hundred."""
    return bool(Proportion(result["robust"]["0.3"]["count"], result["n"]).value <= 0.01)
