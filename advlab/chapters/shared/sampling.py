"""The test images that a measurement takes."""

from __future__ import annotations

from advlab.data import Dataset, mnist, subset
from advlab.engine.cache.profile import Profile


def test_images(profile: Profile) -> Dataset:
    """All test images, or as many as a draft has time for."""
    return mnist("test") if profile.test_images is None else subset(profile.test_images)
