"""The commands that manage the store: build, list, clean. `python -m advlab.engine.build.command EDITION` builds."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence

from advlab.engine import editions
from advlab.engine.build.up_to_date import TRY_AGAIN
from advlab.engine.cache.profile import PROFILES, STANDARD
from advlab.engine.cache.store import Entry, Store, default_root

WRONG_USAGE = 64


def add_build_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `build` to a parser."""
    parser.add_argument("--profile", choices=PROFILES, default=os.environ.get("ADVLAB_PROFILE") or STANDARD.name)
    parser.add_argument("--device", help="cpu (default), cuda, cuda:N or mps; part of every key")
    parser.add_argument(
        "--jobs", type=_positive, help="number of parallel computations, one thread each (default: one per core)"
    )
    parser.add_argument("--quiet", action="store_true", help="show no progress")


def add_list_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `list` to a parser."""
    parser.add_argument("--json", action="store_true", help="print one JSON object per line")


def add_clean_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `clean` to a parser."""
    parser.add_argument("--all", action="store_true", help="delete everything, including the books")


def prepared(options: argparse.Namespace) -> int:
    """Set profile, device and store for this process and its workers; return 64 if one is unusable, else 0."""
    if options.profile not in PROFILES:
        print(f"advlab: ADVLAB_PROFILE is {options.profile!r}; known are {', '.join(PROFILES)}", file=sys.stderr)
        return WRONG_USAGE
    os.environ["ADVLAB_PROFILE"] = options.profile
    if options.device:
        os.environ["ADVLAB_DEVICE"] = options.device
    if os.environ.get("ADVLAB_STORE"):  # absolute: programs run in folders of their own
        os.environ["ADVLAB_STORE"] = str(default_root())
    from advlab.engine.cache import machine  # imported here: only computing needs torch

    try:
        machine.device()
    except ValueError as problem:
        print(f"advlab: {problem}", file=sys.stderr)
        return WRONG_USAGE
    return 0


def build(edition: str, options: argparse.Namespace) -> int:
    """Bring the book of an edition up to date and return the exit status: 0, 64 (wrong usage) or 75 (source edited).

    Args:
        edition: the module whose `EDITION` describes the book.
        options: profile, device, number of jobs and whether to be quiet.

    Raises:
        Exception: whatever a computation raises.
    """
    if status := prepared(options):
        return status
    from advlab.engine.build import workers, write_book
    from advlab.engine.cache.computation import SourceChanged

    profile = PROFILES[options.profile]
    try:
        found = editions.load(edition)
    except (ImportError, TypeError) as problem:
        print(f"advlab: edition {edition!r}: {problem}", file=sys.stderr)
        return WRONG_USAGE
    try:
        jobs = options.jobs or workers.default_jobs()
        book = write_book.build(found, profile, jobs, options.quiet)
    except SourceChanged as problem:
        print(f"advlab: {problem}", file=sys.stderr)
        return TRY_AGAIN
    if not options.quiet:
        print(f"{options.profile}: book is up to date, after {book['seconds']:.1f} s", file=sys.stderr)
    return 0


def list_entries(options: argparse.Namespace) -> int:
    """Print what the store holds and return the exit status."""
    for entry in Store().entries():
        age = time.time() - entry.created
        row = {"kind": entry.kind, "name": entry.name, "key": entry.key[:12], "age_s": round(age)}
        row |= {"bytes": entry.size, "seconds": round(float(entry.meta["seconds"]), 2)}
        if options.json:
            print(json.dumps(row))
        else:
            print(
                f"{entry.kind:12} {entry.name:34} {entry.key[:12]}  {_age(age):>8} old  "
                f"{entry.size / 1024:9,.1f} KiB  {row['seconds']:8.1f} s"
            )
    return 0


def _age(seconds: float) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def clean(options: argparse.Namespace) -> int:
    """Delete the entries that no book refers to, or everything, and return the exit status."""
    store = Store()
    books = sorted((store.root / "books").glob("*.json"))
    used = set() if options.all else {key for book in books for key in _keys(json.loads(book.read_text()))}
    dropped: list[Entry] = [entry for entry in store.entries() if entry.key not in used]
    size = sum(entry.size for entry in dropped)
    for entry in dropped:
        store.remove(entry)
    if options.all:
        for book in books:
            book.unlink(missing_ok=True)
    print(f"deleted {len(dropped)} entries, {size / 2**20:.1f} MiB")
    return 0


def _keys(book: dict[str, object]) -> set[str]:
    """Return the keys of all entries that a book refers to."""
    kinds = [value for value in book.values() if isinstance(value, dict)]
    return {one["key"] for kind in kinds for one in kind.values() if isinstance(one, dict) and "key" in one}


def _positive(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive whole number")
    return value


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the edition that the first argument names and return the exit status.

    Raises:
        SystemExit: the arguments cannot be parsed, or they ask for help.
        Exception: whatever a computation raises.
    """
    parser = argparse.ArgumentParser(prog="advlab build", description="Measure and store what a site shows.")
    parser.add_argument("edition", help="module whose EDITION describes the book")
    add_build_options(parser)
    options = parser.parse_args(arguments)
    try:
        return build(options.edition, options)
    except KeyboardInterrupt:
        print("interrupted; finished results are kept, and the next run continues from there", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
