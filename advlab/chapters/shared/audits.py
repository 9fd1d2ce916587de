"""Audits of the models of the book, as several pages show them."""

from __future__ import annotations

from typing import Any

from advlab import zoo
from advlab.audit import Audit, report
from advlab.engine.cache.computation import Computation
from advlab.engine.cache.profile import Profile


def audit_summary(found: Audit) -> dict[str, Any]:
    """The parts of an audit that are the same at every run, its card, and each image as evidence."""
    whole = found.to_json()
    kept = ("verdict", "exit_status", "clean", "robust", "epsilon", "flags", "curve")
    attacks = {one["name"]: {key: one[key] for key in ("kind", "accuracy", "tried")} for one in whole["attacks"]}
    return {
        **{name: whole[name] for name in kept},
        "said": report.verdict(found),
        "attacks": attacks,
        "evidence": {"broken by": whole["images"]},
        "adversarial": found.broken().to_bytes() if found.robust.count < found.clean.count else None,
        "card": report.html(found),
    }


def robust_only(profile: Profile) -> list[Computation]:
    """The training of the model trained on PGD's examples."""
    return [zoo.training(zoo.for_profile(zoo.ROBUST, profile))]


def standard_only(profile: Profile) -> list[Computation]:
    """The training of the standard model."""
    return [zoo.training(zoo.for_profile(zoo.STANDARD, profile))]


#: The epsilon of the audits, in pixel units.
EPSILON = 0.2
