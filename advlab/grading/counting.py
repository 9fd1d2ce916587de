"""Grader of certified_radius: the one-sided Clopper-Pearson bound of randomised smoothing, and common wrong bounds."""

import math
from collections.abc import Callable
from statistics import NormalDist

from advlab.defenses.smoothing import certified_radius
from advlab.grading.verdict import COMMON, Exercise, Mistake, Solution

#: (count, n, alpha, sigma) of sure and unsure counts, of an even split, of all draws in the class and of none.
CASES = (
    (990, 1000, 0.001, 0.5),
    (9_900, 10_000, 0.001, 0.25),
    (700, 1000, 0.05, 1.0),
    (1000, 1000, 0.001, 0.5),
    (520, 1000, 0.001, 0.5),
    (300, 1000, 0.001, 0.5),
    (0, 100, 0.01, 0.5),
)

HINTS = {
    **COMMON,
    "point_estimate": "You took the proportion of draws for the probability. It is too high as often as too low: half "
    "of the certificates would claim too much. And if all draws agree, the radius would be infinite.",
    "two_sided": "The bound is that of an interval with two ends, each missed with half of alpha. Only the lower end "
    "matters here, and may be missed with all of alpha.",
    "doubled_alpha": "The bound fails with twice the alpha that was asked for. Which fraction of alpha does your "
    "interval function spend on its lower end?",
    "normal_approximation": "The bound is that of a normal approximation. Near a proportion of one it is too high, "
    "exactly where the radii are largest.",
    "wilson": "That is Wilson's interval: good for an accuracy, and no guarantee. It may lie above the exact bound.",
    "hoeffding": "The bound holds, by Hoeffding's inequality, but gives away much: Clopper and Pearson's is exact.",
    "upper_bound": "You used the upper end of the interval. A certificate has to hold if the probability is as low as "
    "the draws allow.",
    "forgets_sigma": "Noise of twice the deviation reaches twice as far. Your radius does not know about it.",
    "negative_radius": "Nothing is proved where the bound on the probability is not above one half. There is no "
    "negative radius: abstain with 0.0.",
    "not_finite": "The radius is not finite. A finite number of draws cannot prove an infinite radius.",
    "another_radius": "The radius differs from ours, and this grader does not recognise the mistake.",
}

Lower = Callable[[int, int, float], float]


def _interval(method: str, share_of_alpha: float, end: int = 0) -> Lower:
    def bound(count: int, n: int, alpha: float) -> float:
        from scipy.stats import binomtest  # here: no other exercise needs it

        return float(binomtest(count, n).proportion_ci(1 - share_of_alpha * alpha, method)[end])

    return bound


def _hoeffding(count: int, n: int, alpha: float) -> float:
    return count / n - math.sqrt(-math.log(alpha) / (2 * n))


def _normal(count: int, n: int, alpha: float) -> float:
    share = count / n
    return share - NormalDist().inv_cdf(1 - alpha) * math.sqrt(share * (1 - share) / n)


def _radius(low: float, sigma: float) -> float:
    if low <= 0.5:
        return 0.0
    return sigma * NormalDist().inv_cdf(low) if low < 1 else math.inf


#: The bound on the probability that each mistake would use, by its hint; words after a blank name variants.
LOWER: dict[str, Lower] = {
    "point_estimate": lambda count, n, alpha: count / n,
    "two_sided": _interval("exact", 1),
    "doubled_alpha": _interval("exact", 4),
    "normal_approximation": _normal,
    "normal_approximation two-sided": lambda count, n, alpha: _normal(count, n, alpha / 2),
    "wilson": _interval("wilson", 2),
    "wilson two-sided": _interval("wilson", 1),
    "hoeffding": _hoeffding,
    "upper_bound": _interval("exact", 2, 1),
    "upper_bound two-sided": _interval("exact", 1, 1),
}


def _grade(solution: Solution) -> list[str]:
    found = [_number(solution(*case)) for case in CASES]
    right = [certified_radius(*case) for case in CASES]
    if all(_close(one, other) for one, other in zip(found, right, strict=True)):
        return [
            f"the radius is ours in {len(CASES)} cases: sure and unsure counts, all draws alike, none",
            "nothing is proved where the bound on the probability is not above one half",
        ]
    case = next(number for number, one in enumerate(found) if not _close(one, right[number]))
    count, n, alpha, sigma = CASES[case]
    seen = f"{count} of {n} draws, alpha {alpha:g}, sigma {sigma:g}: {found[case]:.4g} instead of {right[case]:.4g}"
    for hint, lower in LOWER.items():
        radii = [_radius(lower(*which[:3]), which[3]) for which in CASES]
        proved = [number for number, one in enumerate(radii) if math.isfinite(one) and one > 0]
        if proved and all(_close(found[number], radii[number]) for number in proved):
            raise Mistake(hint.partition(" ")[0], seen)
    if any(not math.isfinite(one) for one in found):
        raise Mistake("not_finite", seen)
    if any(one < 0 for one in found):
        raise Mistake("negative_radius", seen)
    if all(_close(one, other / which[3]) for one, other, which in zip(found, right, CASES, strict=True)):
        raise Mistake("forgets_sigma", seen)
    raise Mistake("another_radius", seen)


def _number(found: object) -> float:
    try:
        return float(found)  # type: ignore[arg-type]
    except (TypeError, ValueError) as problem:
        raise Mistake("returns", f"expected one number, got a {type(found).__name__}") from problem


def _close(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-4, abs_tol=1e-6)


CERTIFIED_RADIUS = Exercise(_grade, HINTS)
