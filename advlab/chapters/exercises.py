"""The page on exercises: those with a grader, what they ask for, and the page that each is on."""

from __future__ import annotations

from typing import Any

from advlab.engine.cache.profile import Profile
from advlab.engine.chapter import Table, measurement, table
from advlab.grading.announced import names, signature, title
from advlab.grading.catalogue import EXERCISES

#: The page that an exercise belongs to, and its title there.
PAGES = {
    "fgsm": ("FGSM", "attacks/fgsm.md"),
    "targeted_fgsm": ("FGSM", "attacks/fgsm.md"),
    "pgd": ("PGD and the ladder", "attacks/ladder.md"),
    "robust_accuracy": ("Evaluating honestly", "evaluating.md"),
    "bpda": ("Input preprocessing", "defenses/preprocessing.md"),
    "interval_bounds": ("Certified training with intervals", "defenses/intervals.md"),
    "certified_radius": ("Randomised smoothing", "defenses/smoothing.md"),
}


@measurement
def graders(profile: Profile) -> dict[str, Any]:
    """The exercises that `advlab check` knows: signature, task, and number of mistakes that have a hint."""
    listed = [
        {"name": name, "signature": signature(name), "asks": title(name), "hints": len(EXERCISES[name].hints)}
        for name in names()
    ]
    return {"exercises": listed, "number": len(listed)}


@table(graders)
def listed(result: dict[str, Any]) -> Table:
    """One row per exercise."""
    rows = [
        [f"`{one['name']}`", one["asks"], f"{one['hints']}", "[{}]({})".format(*PAGES[one["name"]])]
        for one in result["exercises"]
    ]
    return Table(
        ["function", "what it does", "hints", "page"],
        rows,
        "The exercises that have a grader, and how many mistakes each knows by sight. `advlab check --template NAME` "
        "prints the arguments.",
        "llrl",
    )
