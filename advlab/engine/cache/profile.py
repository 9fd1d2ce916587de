"""Profiles, which set how much is trained and measured: a quick draft, the published book, or everything."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Profile:
    """Sizes of trainings and measurements.

    Args:
        name: "draft", "standard" or "full".
        train_images: number of training images; None for all.
        test_images: number of test images; None for all.
        slow_images: number of test images for slow measurements.
        seeds: number of models trained with different seeds.
    """

    name: str
    train_images: int | None
    test_images: int | None
    slow_images: int
    seeds: int

    def sizes(self) -> dict[str, int | None]:
        """Return the sizes as parameters of a key; the name is left out because it changes no result."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name != "name"}


DRAFT = Profile("draft", train_images=6000, test_images=256, slow_images=256, seeds=3)
STANDARD = Profile("standard", train_images=None, test_images=None, slow_images=1000, seeds=3)
FULL = Profile("full", train_images=None, test_images=None, slow_images=10000, seeds=5)
PROFILES = {profile.name: profile for profile in (DRAFT, STANDARD, FULL)}


def current() -> Profile:
    """Return the profile that `ADVLAB_PROFILE` names, by default "standard".

    Raises:
        ValueError: there is no profile of that name.
    """
    name = os.environ.get("ADVLAB_PROFILE") or STANDARD.name
    if name not in PROFILES:
        raise ValueError(f"ADVLAB_PROFILE is {name!r}; known profiles are {', '.join(PROFILES)}")
    return PROFILES[name]
