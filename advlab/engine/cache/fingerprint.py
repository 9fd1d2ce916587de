"""One hash over everything that a book can depend on: if it is unchanged, no key needs to be looked up."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
from pathlib import Path

from advlab.engine.cache.profile import Profile
from advlab.engine.cache.source import SNAPSHOT


def files(root: Path) -> list[Path]:
    """List every file of the hashed packages and of snippets/, code and data, whatever its extension."""
    folders = [*SNAPSHOT.packages.values(), root / "snippets"]
    found = {path for folder in folders for path in folder.rglob("*") if path.is_file()}
    return sorted(path for path in found if "__pycache__" not in path.parts)


def fingerprint(root: Path, profile: Profile) -> str:
    """Hash the files, versions and settings that a profile's book depends on.

    The hash is cheap but coarse: an edited docstring changes it, and the build then finds that no key has changed.

    Args:
        root: the folder of the book, which holds snippets/.
        profile: the sizes of the build.
    """
    hashed = hashlib.sha256()
    for path in files(root):
        hashed.update(f"{path.relative_to(root) if path.is_relative_to(root) else path}\0".encode())
        hashed.update(path.read_bytes() + b"\0")
    versions = sorted(f"{d.name}=={d.version}" for d in importlib.metadata.distributions())
    settings = [str(profile), platform.python_version(), os.environ.get("ADVLAB_DEVICE", ""), *versions]
    hashed.update("\n".join(settings).encode())
    return hashed.hexdigest()
