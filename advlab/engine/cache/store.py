"""A store of results by key; entries are written atomically and verified whenever they are read.

The store knows nothing about models or measurements. An *entry* is a folder with files and an `entry.json` that holds
their checksums. It is written under a temporary name and then renamed, so a process that is killed leaves either a
complete entry or none. The store never unpickles anything.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
import uuid
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs
from filelock import FileLock

from advlab.engine.cache.profile import Profile

MANIFEST = "entry.json"


class CorruptEntry(UserWarning):
    """A stored entry does not match its checksums; it was removed and will be computed again."""


def default_root() -> Path:
    """Return the default folder: `ADVLAB_STORE`, else `.store/` of the checkout, else the user's cache folder."""
    chosen = os.environ.get("ADVLAB_STORE")
    if chosen:
        return Path(chosen).expanduser().absolute()
    checkout = Path(__file__).resolve().parents[3]
    if (checkout / "mkdocs.yml").is_file() and (checkout / "pyproject.toml").is_file():
        return checkout / ".store"
    return platformdirs.user_cache_path("advlab")


def folder(name: str) -> Path:
    """Create and return a folder of the default store in which other libraries can unpack files, such as data sets."""
    path = default_root() / "unpacked" / name
    path.mkdir(parents=True, exist_ok=True)
    return path


def book_path(store: Store, profile: Profile) -> Path:
    """Return the path of a profile's book, the file that lists the results of a build by name."""
    return store.root / "books" / f"{profile.name}.json"


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` to a temporary file next to `path`, flush it to disk and rename it to `path`.

    Raises:
        OSError: the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        _write(temporary, content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


@dataclass(frozen=True)
class Entry:
    """One stored result.

    Args:
        path: folder of the entry.
        kind: kind of result, such as "measurement".
        name: name of the result.
        key: the full key.
        files: SHA-256 of each file, by file name.
        meta: how the result was computed: what its key is made of, the computing time, the machine.
        created: time of writing, in seconds since the epoch.
    """

    path: Path
    kind: str
    name: str
    key: str
    files: Mapping[str, str]
    meta: Mapping[str, Any]
    created: float

    def read(self, file: str) -> bytes:
        """Return the content of one of the files.

        Raises:
            OSError: the file cannot be read.
        """
        return (self.path / file).read_bytes()

    def json(self, file: str = "result.json") -> Any:
        """Return the value that a JSON file of the entry holds.

        Raises:
            OSError: the file cannot be read.
            ValueError: the file is not JSON.
        """
        return json.loads(self.read(file))

    @property
    def size(self) -> int:
        """Size of all files in bytes, including `entry.json`."""
        return sum(file.stat().st_size for file in self.path.iterdir())


class Store:
    """Entries by kind, name and key in the folder `root`; several processes may use it at the same time."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root if root is not None else default_root()

    def place(self, kind: str, name: str, key: str) -> Path:
        """Return the folder of the entry with this kind, name and key, whether it exists or not."""
        return self.root / kind / name.replace(":", ".").replace("/", "-") / key[:32]

    def read(self, kind: str, name: str, key: str) -> Entry | None:
        """Return the entry after verifying each file; None if there is no entry or it is damaged.

        A damaged entry is removed with a `CorruptEntry` warning, so that it is computed again.
        """
        place = self.place(kind, name, key)
        if not place.is_dir():
            return None
        entry = self._load(place)
        if entry is None or entry.key != key:
            self._set_aside(place)
            return None
        return entry

    def write(self, kind: str, name: str, key: str, files: Mapping[str, bytes], meta: Mapping[str, Any]) -> Entry:
        """Store an entry and return it; if another process has stored it already, return that one.

        Args:
            kind: kind of result.
            name: name of the result.
            key: the full key.
            files: contents by file name.
            meta: how the result was computed, as JSON.

        Raises:
            OSError: the entry cannot be written or read back.
        """
        place = self.place(kind, name, key)
        staged = self.root / "unfinished" / uuid.uuid4().hex
        staged.mkdir(parents=True)
        try:
            for file, content in files.items():
                _write(staged / file, content)
            description = {
                "kind": kind,
                "name": name,
                "key": key,
                "created": time.time(),
                "files": {file: hashlib.sha256(content).hexdigest() for file, content in files.items()},
                "meta": dict(meta),
            }
            _write(staged / MANIFEST, json.dumps(description, indent=1, sort_keys=True).encode())
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                staged.rename(place)
            except OSError:  # the folder exists: another process wrote the entry first
                if self.read(kind, name, key) is None:
                    staged.rename(place)
        finally:
            shutil.rmtree(staged, ignore_errors=True)
        entry = self.read(kind, name, key)
        if entry is None:
            raise OSError(f"{place}: the entry just written could not be read back; is the disk full?")
        return entry

    def lock(self, kind: str, name: str, key: str) -> FileLock:
        """Return the lock of a key; while one process computes the entry, others wait for it."""
        path = self.root / "locks" / f"{self.place(kind, name, key).name}.lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(path)

    def entries(self) -> Iterator[Entry]:
        """Yield all complete entries, newest first; remove damaged ones with a warning."""
        found = []
        for manifest in self.root.glob(f"*/*/*/{MANIFEST}"):
            entry = self._load(manifest.parent)
            if entry is None:
                self._set_aside(manifest.parent)
            else:
                found.append(entry)
        yield from sorted(found, key=lambda entry: entry.created, reverse=True)

    def remove(self, entry: Entry) -> None:
        """Delete an entry; it is moved away first, so that no other process reads part of it."""
        self._discard(entry.path)

    def _load(self, place: Path) -> Entry | None:
        try:
            description = json.loads((place / MANIFEST).read_bytes())
            for file, checksum in description["files"].items():
                if hashlib.sha256((place / file).read_bytes()).hexdigest() != checksum:
                    return None
            return Entry(
                path=place,
                kind=description["kind"],
                name=description["name"],
                key=description["key"],
                files=description["files"],
                meta=description["meta"],
                created=description["created"],
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _set_aside(self, place: Path) -> None:
        warnings.warn(
            f"{place.relative_to(self.root)} is damaged (a file is missing or its checksum differs); "
            "it is removed and will be made again",
            CorruptEntry,
            stacklevel=3,
        )
        self._discard(place)

    def _discard(self, place: Path) -> None:
        target = self.root / "unfinished" / uuid.uuid4().hex
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            place.rename(target)
        except FileNotFoundError:  # another process removed it first
            return
        shutil.rmtree(target, ignore_errors=True)
