"""Graders of the book's exercises: they run a reader's function beside ours and name its first mistake with a hint."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from advlab.grading.announced import WrongUsage, names, template

__all__ = ["WrongUsage", "check", "names", "template"]


def check(name: str, function: Callable[..., Any]) -> bool:
    """Grade `function` as a solution of the exercise `name`, print the verdict, and return whether it passed.

    For notebooks: the function runs here, without a time limit. `advlab check NAME FILE` runs a file, with one.

    Args:
        name: of the exercise: one of `names()`.
        function: the solution; `print(template(name))` shows its signature and what it has to do.

    Raises:
        WrongUsage: there is no such exercise, or `function` does not take the arguments of the template.

    Source: advlab's own, made for the book's exercises.
    """
    from advlab.grading.catalogue import grade  # here: torch takes seconds, and listing the exercises does without

    verdict = grade(name, function)
    print(verdict)
    return verdict.passed
