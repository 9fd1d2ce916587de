"""The versions of installed packages and of everything they require; they are part of every key."""

from __future__ import annotations

import functools
import importlib.metadata
from collections.abc import Iterable

from packaging.requirements import InvalidRequirement, Requirement


@functools.cache
def _distributions() -> dict[str, list[str]]:
    return dict(importlib.metadata.packages_distributions())


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Return the version of each distribution that provides these import names, and of all that these require."""
    return _versions(frozenset(packages))


@functools.cache
def _versions(packages: frozenset[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    pending = [name for package in packages for name in _distributions().get(package, [])]
    while pending:
        name = pending.pop().lower().replace("_", "-")
        if name in found:
            continue
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # a requirement that this platform does not install
        found[name] = distribution.version
        for text in distribution.requires or []:
            try:
                requirement = Requirement(text)
            except InvalidRequirement:
                continue
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                pending.append(requirement.name)
    return dict(sorted(found.items()))
