"""What the page on `advlab audit` measures: audits of a model that only looks robust and of one that is."""

from __future__ import annotations

from typing import Any

from torch import nn

from advlab import zoo
from advlab.audit import Audit, audit
from advlab.chapters.shared.audits import EPSILON, audit_summary, robust_only, standard_only
from advlab.chapters.shared.rounding import Rounding
from advlab.engine.cache.profile import Profile
from advlab.engine.chapter import measurement

#: Grey levels that the page's defense rounds to.
LEVELS = 9


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
    """The audit that `advlab audit NAME --epsilon 0.2 --quick` runs."""
    return audit(model, EPSILON, quick=True, name=name)
