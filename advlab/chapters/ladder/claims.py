"""What the page on the ladder claims about its results."""

from __future__ import annotations

from typing import Any

from advlab.chapters.ladder.measure import robust, standard
from advlab.chapters.ladder.surface import one_image
from advlab.chapters.ladder.upper_rungs import (
    robust_autoattack,
    robust_restarts,
    robust_steps,
    standard_autoattack,
    standard_restarts,
    standard_steps,
)
from advlab.data import CLASSES
from advlab.engine.chapter import claim

Result = dict[str, Any]
#: Two attacks whose accuracies differ by less than this tell the same story.
NEAR = 0.06
#: A p-value below this is not put down to chance.
NO_ACCIDENT = 0.001


@claim(standard)
def each_rung_breaks_more(result: Result) -> bool:
    """At every epsilon noise leaves the standard model at least as much as FGSM, and FGSM at least as much as PGD."""
    return all(
        row["noise"]["count"] >= row["FGSM"]["count"] >= row["PGD"]["count"] for row in result["epsilons"].values()
    )


@claim(standard)
def no_accident(result: Result) -> bool:
    """At 0.1 PGD breaks more of the standard model than FGSM, by the paired test; the reverse is ten times as rare."""
    pair = result["epsilons"]["0.1"]["FGSM and PGD"]
    return bool(pair["only_first"] >= 10 * pair["only_second"] and pair["p"] < NO_ACCIDENT)


@claim(standard)
def below_chance(result: Result) -> bool:
    """At 0.3 the interval of the standard model under PGD lies below chance level, and under FGSM it does not."""
    row = result["epsilons"]["0.3"]
    return bool(row["PGD"]["high"] < 1 / CLASSES <= row["FGSM"]["high"])


@claim(standard)
def reaches_zero(result: Result) -> bool:
    """At 0.3 PGD leaves the standard model not a single image."""
    return bool(result["epsilons"]["0.3"]["PGD"]["count"] == 0)


@claim(standard)
def fgsm_flatters(result: Result) -> bool:
    """At 0.2 FGSM leaves the standard model at least ten points more than PGD does."""
    row = result["epsilons"]["0.2"]
    return bool(row["FGSM"]["value"] >= row["PGD"]["value"] + 0.1)


@claim(standard, robust)
def gap_is_smaller(of_standard: Result, of_robust: Result) -> bool:
    """The PGD-trained model at 0.3 has less than half the gap between FGSM and PGD of the standard model at 0.2."""
    plain, trained = of_standard["epsilons"]["0.2"], of_robust["epsilons"]["0.3"]
    return bool(
        trained["FGSM"]["value"] - trained["PGD"]["value"] < (plain["FGSM"]["value"] - plain["PGD"]["value"]) / 2
    )


@claim(robust)
def nothing_behind_the_step(result: Result) -> bool:
    """At 0.4 FGSM leaves the PGD-trained model more than half of the images, PGD less than a tenth."""
    row = result["epsilons"]["0.4"]
    return bool(row["FGSM"]["value"] > 0.5 and row["PGD"]["value"] < 0.1)


@claim(standard, robust)
def training_helps(of_standard: Result, of_robust: Result) -> bool:
    """At 0.3 PGD leaves the PGD-trained model more than half of the images, and the standard one less than a tenth."""
    plain, trained = (result["epsilons"]["0.3"]["PGD"] for result in (of_standard, of_robust))
    return bool(trained["low"] > 0.5 and plain["high"] < 0.1)


@claim(robust)
def breaks_beyond(result: Result) -> bool:
    """At 0.5, where every image can be made the same grey, PGD leaves the PGD-trained model at most one in ten."""
    return bool(result["epsilons"]["0.5"]["PGD"]["value"] <= 1 / CLASSES)


@claim(standard, robust)
def losses_agree(of_standard: Result, of_robust: Result) -> bool:
    """At every epsilon up to 0.3 the margin loss and cross-entropy differ by less than six points."""
    return all(
        abs(row["PGD"]["value"] - row["margin"]["value"]) < NEAR
        for result in (of_standard, of_robust)
        for epsilon, row in result["epsilons"].items()
        if float(epsilon) <= 0.3
    )


@claim(standard_steps, robust_steps)
def steps_are_enough(of_standard: Result, of_robust: Result) -> bool:
    """Twice or four times the forty steps change neither model's accuracy under PGD by more than four points."""
    return all(
        abs(result["steps"][more]["value"] - result["steps"]["40"]["value"]) <= 0.04
        for result in (of_standard, of_robust)
        for more in ("80", "160")
    )


@claim(standard_restarts, robust_restarts)
def restarts_find_little(of_standard: Result, of_robust: Result) -> bool:
    """From five to ten restarts, accuracy falls by at most four points, at 0.1 (standard) and 0.3 (PGD-trained)."""
    rows = (of_standard["epsilons"]["0.1"], of_robust["epsilons"]["0.3"])
    return all(row[4]["value"] - row[9]["value"] <= 0.04 for row in rows)


@claim(standard_autoattack, robust_autoattack)
def autoattack_loses_nothing(of_standard: Result, of_robust: Result) -> bool:
    """On both models AutoAttack leaves no more images than ten restarts of PGD, and misses at most one of theirs."""
    rows = [row for result in (of_standard, of_robust) for row in result["epsilons"].values()]
    return all(row["AutoAttack"]["count"] <= row["PGD"]["count"] and row["only PGD breaks"] <= 1 for row in rows)


@claim(one_image)
def small_steps_succeed(result: Result) -> bool:
    """On the story's image the lead of the best wrong class stays below zero under FGSM and ends above it under PGD."""
    return bool(result["FGSM leads"] < 0 < result["PGD leads"][-1])


@claim(one_image)
def random_signs_do_little(result: Result) -> bool:
    """A third of the way to the window's edge, the standard model's loss is lower along random signs than FGSM's."""
    loss, middle = result["standard"]["loss"], result["points"] // 2
    quarter = middle + middle // 3
    return bool(loss[quarter][middle] < loss[middle][quarter])
