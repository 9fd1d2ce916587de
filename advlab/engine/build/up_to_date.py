"""The book of a profile, brought up to date by a fresh process: whoever renders pages never computes."""

from __future__ import annotations

import subprocess
import sys

from advlab.engine.book import Book
from advlab.engine.cache.fingerprint import fingerprint
from advlab.engine.cache.profile import Profile
from advlab.engine.cache.store import Store, book_path
from advlab.engine.editions import Edition

#: Exit status of a build whose source was edited meanwhile: nothing is wrong, start again.
TRY_AGAIN = 75
#: How often a build is tried anew when the source is edited while it runs.
ATTEMPTS = 5


class BuildFailed(RuntimeError):
    """The process that computes did not succeed; what it said is above."""


def up_to_date(edition: Edition, profile: Profile, jobs: int | None = None) -> Book:
    """The profile's book; where a file changed since it was written, a fresh process computes what that asks for.

    Raises:
        BuildFailed: the process failed, or the source was edited during each attempt.
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
    raise BuildFailed(f"the source was edited during each of {ATTEMPTS} builds; save again when it is at rest")


def _current_book(edition: Edition, profile: Profile, store: Store) -> Book | None:
    try:
        book = Book.load(book_path(store, profile), store, edition)
    except (FileNotFoundError, ValueError):
        return None
    before = book.content.get("fingerprint")
    return book if before == fingerprint(edition.root, profile) and book.complete() else None
