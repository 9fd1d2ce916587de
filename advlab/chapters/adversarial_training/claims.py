"""What the page on adversarial training claims about its results."""

from __future__ import annotations

from typing import Any

from advlab.chapters.adversarial_training.along import along_clipped, along_random, along_single
from advlab.chapters.adversarial_training.measure import longest, random_single, several, single, trades
from advlab.engine.chapter import claim
from advlab.evaluation import Proportion

Result = dict[str, Any]
#: Least robust and clean accuracy of the model trained while the site is built; to hold on other machines, too.
ROBUST, CLEAN = 0.9, 0.985


@claim(along_single)
def overfits(result: Result) -> bool:
    """Training on FGSM ends with nine images in ten or more right under FGSM, one in a hundred or fewer under PGD."""
    last = result["rows"][-1]
    return bool(last["FGSM"]["value"] >= 0.9 and last["PGD"]["value"] <= 0.01)


@claim(along_single)
def attack_above_clean(result: Result) -> bool:
    """At the end of training on FGSM, more images are right under FGSM than without any attack."""
    last = result["rows"][-1]
    return bool(last["FGSM"]["count"] > last["clean"]["count"])


@claim(along_single)
def began_honestly(result: Result) -> bool:
    """Some images are right under PGD in the first evaluations, at most one in each of the last."""
    pgd = [row["PGD"]["count"] for row in result["rows"]]
    return bool(max(pgd[:2]) > 0 and max(pgd[-5:]) <= 1)


@claim(along_random)
def random_start_helps(result: Result) -> bool:
    """At the end, the network trained from random starts is right on at least a fifth of the images under PGD."""
    return bool(result["rows"][-1]["PGD"]["value"] >= 0.2)


@claim(along_clipped)
def clipped_start_does_not(result: Result) -> bool:
    """With clipped starts, at most one image in fifty ends up right under PGD, and at least nine in ten under FGSM."""
    last = result["rows"][-1]
    return bool(last["PGD"]["value"] <= 0.02 and last["FGSM"]["value"] >= 0.9)


@claim(random_single, several)
def more_steps_are_worth_more(one: Result, three: Result) -> bool:
    """On as many images, training with three steps gives higher accuracy under the strong attacks than with one."""
    return bool(three["robust"]["0.3"]["value"] > one["robust"]["0.3"]["value"])


@claim(random_single, several, trades, longest)
def attacks_in_order(*results: Result) -> bool:
    """On all but the first model PGD leaves at most what FGSM does, and the strong attacks two points more than PGD."""
    return all(
        result["robust"]["0.3"]["value"] - 0.02 <= result["PGD"]["value"] <= result["FGSM"]["value"]
        for result in results
    )


@claim(several, longest)
def longer_is_better(short: Result, long: Result) -> bool:
    """The longer training reaches higher accuracy, both clean and under attack."""
    return bool(
        long["robust"]["0.3"]["value"] > short["robust"]["0.3"]["value"]
        and long["clean on all"]["value"] > short["clean on all"]["value"]
    )


@claim(longest)
def nine_in_ten(result: Result) -> bool:
    """The longest training keeps nine images in ten or more under the strong attacks, and 98.5% or more clean."""
    return bool(result["robust"]["0.3"]["value"] >= ROBUST and result["clean on all"]["value"] >= CLEAN)


@claim(single)
def overfitted_falls_to_nothing(result: Result) -> bool:
    """The network trained on FGSM keeps almost nothing under the strong attacks: at most one image in a hundred."""
    return bool(Proportion(result["robust"]["0.3"]["count"], result["n"]).value <= 0.01)
