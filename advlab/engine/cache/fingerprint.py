"""One hash over everything that a book can depend on: equal means that there is nothing to look up."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
from pathlib import Path

from advlab.engine.cache.profile import Profile
from advlab.engine.cache.source import SNAPSHOT


def files(root: Path) -> list[Path]:
    """Every file of the packages hashed and of snippets/: code and data, whatever its ending."""
    folders = [*SNAPSHOT.packages.values(), root / "snippets"]
    found = {path for folder in folders for path in folder.rglob("*") if path.is_file()}
    return sorted(path for path in found if "__pycache__" not in path.parts)


def fingerprint(root: Path, profile: Profile) -> str:
    """A hash of the files, versions and settings behind a profile's book; `root` is the folder of the book.

    Coarse and cheap: a changed docstring changes it, and the build then finds that every key is as it was.
    """
    hashed = hashlib.sha256()
    for path in files(root):
        hashed.update(f"{path.relative_to(root) if path.is_relative_to(root) else path}\0".encode())
        hashed.update(path.read_bytes() + b"\0")
    versions = sorted(f"{d.name}=={d.version}" for d in importlib.metadata.distributions())
    settings = [str(profile), platform.python_version(), os.environ.get("ADVLAB_DEVICE", ""), *versions]
    hashed.update("\n".join(settings).encode())
    return hashed.hexdigest()
