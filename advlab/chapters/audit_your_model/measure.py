"""What the page on `advlab audit` measures: two audits, of a model that only looks robust and of one that is."""

from __future__ import annotations

from typing import Any

from torch import nn

from advlab import zoo
from advlab.audit import Audit, audit, report
from advlab.chapters.evaluating.models import Rounding
from advlab.engine.cache.computation import Computation
from advlab.engine.cache.profile import Profile
from advlab.engine.chapter import measurement

#: In pixel units.
EPSILON = 0.2
#: Grey levels that the defense of the page leaves.
LEVELS = 9


def standard_only(profile: Profile) -> list[Computation]:
    """The training of the model that is rounded."""
    return [zoo.training(zoo.for_profile(zoo.STANDARD, profile))]


def robust_only(profile: Profile) -> list[Computation]:
    """The training of the model trained on PGD's examples."""
    return [zoo.training(zoo.for_profile(zoo.ROBUST, profile))]


@measurement(trainings=standard_only)
def rounding(profile: Profile) -> dict[str, Any]:
    """A quick audit of the standard model behind an input rounded to nine grey levels, L-infinity .2, seed 0."""
    model = nn.Sequential(Rounding(LEVELS), zoo.trained(zoo.for_profile(zoo.STANDARD, profile)))
    return audit_summary(audited(model.eval(), "mymodel:rounding"))


@measurement(trainings=robust_only)
def trained_on_pgd(profile: Profile) -> dict[str, Any]:
    """A quick audit of the model trained on PGD's examples, L-infinity .2, seed 0."""
    return audit_summary(audited(zoo.trained(zoo.for_profile(zoo.ROBUST, profile)), "mymodel:adversarially_trained"))


def audited(model: nn.Module, name: str) -> Audit:
    """What `advlab audit NAME --epsilon 0.2 --quick` does."""
    return audit(model, EPSILON, quick=True, name=name)


def audit_summary(found: Audit) -> dict[str, Any]:
    """The parts of an audit that are the same whenever it runs, its card, and each image as evidence."""
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
