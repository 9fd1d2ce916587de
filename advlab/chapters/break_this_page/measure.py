"""The challenge's network under this build's own attacks, and the record of submitted results."""

from __future__ import annotations

import json
from typing import Any

from advlab import challenge
from advlab.chapters.shared.robustness_bands import number_of, proportion, shortened
from advlab.data import indices, subset
from advlab.engine.cache.profile import Profile
from advlab.engine.cache.source import PACKAGE
from advlab.engine.chapter import measurement
from advlab.evaluation import worst_case

RECORD = "recorded/challenge.json"


@measurement
def record(profile: Profile) -> dict[str, Any]:
    """The judged submissions: who, when, by which attack, and the accuracy left. Nothing is measured now."""
    found: dict[str, Any] = json.loads((PACKAGE / RECORD).read_text(encoding="utf-8"))
    return found | {"sha256": challenge.SHA256, "epsilon": challenge.EPSILON, "images": challenge.IMAGES}


@measurement
def tried(profile: Profile) -> dict[str, Any]:
    """Accuracy of the challenge's network under the shortened attacks, on some of the images."""
    n = number_of(profile)
    test, index = subset(n), indices(n)
    found = worst_case(challenge.model(), test.images, test.labels, shortened(challenge.EPSILON))
    rows = zip(index.tolist(), test.labels.tolist(), found.right.tolist(), found.broken_by, strict=True)
    return {
        "n": n,
        "clean": proportion(found.clean),
        "robust": proportion(found.right),
        "evidence": {"columns": ["index", "label", "right", "broken by"], "images": [list(row) for row in rows]},
    }
