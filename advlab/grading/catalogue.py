"""The graders by name, and how a function is graded."""

import inspect
from collections.abc import Callable
from typing import Any

from advlab.grading import bounding, counting, evaluating, many_steps, one_step
from advlab.grading.announced import WrongUsage, arguments, signature, template
from advlab.grading.verdict import Exercise, Mistake, Solution, Verdict

EXERCISES: dict[str, Exercise] = {
    "fgsm": one_step.FGSM,
    "targeted_fgsm": one_step.TARGETED_FGSM,
    "pgd": many_steps.PGD,
    "robust_accuracy": evaluating.ROBUST_ACCURACY,
    "bpda": many_steps.BPDA,
    "interval_bounds": bounding.INTERVAL_BOUNDS,
    "certified_radius": counting.CERTIFIED_RADIUS,
}


def grade(name: str, function: Callable[..., Any]) -> Verdict:
    """Verdict on `function` as a solution of the exercise `name`.

    Args:
        name: of the exercise.
        function: the solution, with the arguments of the template.

    Raises:
        WrongUsage: there is no such exercise, or `function` cannot be called with the arguments of the template.

    Source: advlab's own, made for the book's exercises.
    """
    template(name)  # says which exercises there are
    _check_signature(name, function)
    exercise, solution = EXERCISES[name], Solution(function)
    try:
        checked = exercise.grade(solution)
    except Mistake as mistake:
        return Verdict(name, mistake.hint, exercise.hints[mistake.hint], mistake.seen)
    return Verdict(name, checked=checked, remarks=list(dict.fromkeys(solution.remarks)))


def _check_signature(name: str, function: object) -> None:
    if not callable(function):
        raise WrongUsage(f"{name} must be a function, not a {type(function).__name__}")
    try:
        inspect.signature(function).bind(*arguments(name))
    except TypeError as problem:
        raise WrongUsage(f"the function is called as {signature(name)}: {problem}") from problem
    except ValueError:  # of a builtin, which has no signature to inspect
        return
