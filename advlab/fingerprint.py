"""One hash over everything that a book can depend on: equal means that there is nothing to look up."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
from pathlib import Path

from advlab.profile import Profile
from advlab.source import PACKAGE

_ENDINGS = {".py", ".json", ".yml", ".txt"}


def files() -> list[Path]:
    """The files of the package and of snippets/ that a build reads."""
    found = [path for path in PACKAGE.rglob("*") if path.suffix in _ENDINGS and "mnist" not in path.parts]
    return sorted([*found, *(PACKAGE.parent / "snippets").rglob("*.py")])


def fingerprint(profile: Profile) -> str:
    """A hash of the files, versions and settings behind a profile's book.

    Coarse and cheap: a changed docstring changes it, and the build then finds that every key is as it was.
    """
    hashed = hashlib.sha256()
    for path in files():
        hashed.update(f"{path.relative_to(PACKAGE.parent)}\0".encode() + path.read_bytes() + b"\0")
    versions = sorted(f"{d.name}=={d.version}" for d in importlib.metadata.distributions())
    settings = [str(profile), platform.python_version(), os.environ.get("ADVLAB_DEVICE", ""), *versions]
    hashed.update("\n".join(settings).encode())
    return hashed.hexdigest()
