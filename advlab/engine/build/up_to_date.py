"""Bring the book of a profile up to date in a new process, so that the process that renders pages never computes."""

from __future__ import annotations

import subprocess
import sys

from advlab.engine.book import Book
from advlab.engine.cache.fingerprint import fingerprint
from advlab.engine.cache.profile import Profile
from advlab.engine.cache.store import Store, book_path
from advlab.engine.editions import Edition

#: Exit status of a build during which the source was edited: nothing is wrong, start it again.
TRY_AGAIN = 75
#: Maximum number of builds to start if the source is edited during each of them.
ATTEMPTS = 5


class BuildFailed(RuntimeError):
    """The build process failed; its messages precede this error."""


def up_to_date(edition: Edition, profile: Profile, jobs: int | None = None) -> Book:
    """Return the profile's current book; if any file has changed since it was written, first build in a new process.

    Args:
        edition: the edition that the book belongs to.
        profile: the profile of the book.
        jobs: number of parallel computations; None for one per core.

    Raises:
        BuildFailed: the build failed, or the source was edited during each attempt.
    """
    store = Store()
    for _ in range(ATTEMPTS):
        found = _current_book(edition, profile, store)
        if found is not None:
            return found
        command = [sys.executable, "-m", "advlab.engine.build.command", edition.module, "--profile", profile.name]
        status = subprocess.run([*command, *(["--jobs", str(jobs)] if jobs else [])], check=False).returncode
        if status not in (0, TRY_AGAIN):
            raise BuildFailed(f"the build of profile {profile.name} failed with status {status}; its message is above")
    raise BuildFailed(f"the source was edited during each of {ATTEMPTS} builds; try again when editing is done")


def _current_book(edition: Edition, profile: Profile, store: Store) -> Book | None:
    try:
        book = Book.load(book_path(store, profile), store, edition)
    except (FileNotFoundError, ValueError):
        return None
    before = book.content.get("fingerprint")
    return book if before == fingerprint(edition.root, profile) and book.complete() else None
