"""How much is trained and measured: a draft on few images, what is published, or everything."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Profile:
    """Sizes of trainings and measurements; None stands for all images of the split."""

    name: str
    train_images: int | None
    test_images: int | None
    slow_images: int
    seeds: int

    def sizes(self) -> dict[str, int | None]:
        """The profile as parameters of a key: its sizes. Its name changes nothing."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name != "name"}


DRAFT = Profile("draft", train_images=6000, test_images=256, slow_images=256, seeds=3)
STANDARD = Profile("standard", train_images=None, test_images=None, slow_images=1000, seeds=3)
FULL = Profile("full", train_images=None, test_images=None, slow_images=10000, seeds=5)
PROFILES = {profile.name: profile for profile in (DRAFT, STANDARD, FULL)}


def current() -> Profile:
    """The profile that `ADVLAB_PROFILE` names; "standard" without it. Raises ValueError for an unknown one."""
    name = os.environ.get("ADVLAB_PROFILE") or STANDARD.name
    if name not in PROFILES:
        raise ValueError(f"ADVLAB_PROFILE is {name!r}; known profiles are {', '.join(PROFILES)}")
    return PROFILES[name]
