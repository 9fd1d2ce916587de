"""Compute the results that the store lacks and write the book that pages read.

This runs in a process of its own (`advlab build`), never inside MkDocs, which does not reload edited modules: results
of old code would be stored under the key of new code. Each computation has one thread; up to `jobs` of them run in
parallel.
"""

from __future__ import annotations

import functools
import importlib.metadata
import json
import time
from typing import Any

from advlab.engine import editions
from advlab.engine.build.plan import Plan, is_picture
from advlab.engine.build.workers import Job, Workers
from advlab.engine.cache import machine
from advlab.engine.cache.computation import SourceChanged
from advlab.engine.cache.fingerprint import fingerprint
from advlab.engine.cache.profile import PROFILES, Profile
from advlab.engine.cache.store import Store, book_path, write_atomically
from advlab.engine.chapter import Derived, Table
from advlab.engine.editions import Edition


@functools.cache
def _plan(edition: str, profile: str) -> Plan:
    return Plan.of(editions.load(edition), PROFILES[profile])


def perform(job: Job) -> None:
    """Find the computation of a job and run it; called in a worker.

    Raises:
        SourceChanged: no computation has the job's key any more, or the source was edited during the computation.
        Exception: whatever the computation raises.
    """
    found = _plan(job.edition, job.profile).find(job.kind, job.name, job.key)
    if found is None:
        raise SourceChanged(f"{job.name}: the source was edited after the build began; start it again")
    found.get()


def build(edition: Edition, profile: Profile, jobs: int, quiet: bool) -> dict[str, Any]:
    """Compute what is missing, write the profile's book and return it.

    Args:
        edition: the edition to build.
        profile: the sizes of trainings and measurements.
        jobs: maximum number of parallel computations.
        quiet: whether to show no progress.

    Raises:
        SourceChanged: the source was edited during the build.
        ValueError: two results of one kind have the same name.
        graphlib.CycleError: computations wait for each other.
        TypeError: the function of a table or fragment returns the wrong type.
        Exception: whatever a computation raises.
    """
    started = time.perf_counter()
    store = Store()
    before = fingerprint(edition.root, profile)
    plan = Plan.of(edition, profile)
    with Workers(perform, edition.module, profile, jobs, quiet, store) as workers:
        workers.run(plan.tasks())
        workers.run(plan.pictures())
    book = _book(plan, store)
    if fingerprint(edition.root, profile) != before:
        raise SourceChanged("the source was edited during the build; start it again")
    book |= {"fingerprint": before, "seconds": time.perf_counter() - started}
    write_atomically(book_path(store, profile), json.dumps(book, indent=1, sort_keys=True).encode())
    return book


def _book(plan: Plan, store: Store) -> dict[str, Any]:
    """Return the content of the book: the place of each result and what the pages say about it.

    Raises:
        SourceChanged: the store lacks a result because the source was edited.
        TypeError: the function of a table or fragment returns the wrong type.
    """
    book: dict[str, Any] = {
        "profile": vars(plan.profile),
        "built": time.time(),
        "machine": machine.describe(),
        "packages": {name: importlib.metadata.version(name) for name in plan.edition.packages},
    }
    for task in [*plan.tasks(), *plan.pictures()]:
        entry = task.computation.find(store)
        if entry is None:
            raise SourceChanged(f"{task.computation.name} is not in the store; the source was edited during the build")
        book.setdefault(f"{entry.kind}s", {})[entry.name] = {
            "key": entry.key,
            "path": entry.path.relative_to(store.root).as_posix(),
            "seconds": entry.meta["seconds"],
            "created": entry.created,
            "files": sorted(entry.files),
        }
    for name, measured in plan.measurements.items():
        about = {"says": _first_paragraph(measured.__doc__), "module": measured.__module__}
        book["measurements"][name] |= about
    for (kind, name), one in plan.derived.items():
        known = book.setdefault(f"{kind}s", {})
        known[name] = known.get(name, {}) | {"sources": [measured.name for measured in one.sources]}
        if not is_picture(one):
            known[name] |= _made_now(one, one(*one.results(plan.profile)))
    return book


def _made_now(one: Derived, made: Any) -> dict[str, Any]:
    """Return the book's record of a claim, table or fragment.

    Raises:
        TypeError: the function returned the wrong type.
    """
    if one.kind == "claim":
        return {"holds": bool(made), "says": _first_paragraph(one.__doc__)}
    if one.kind == "fragment" and isinstance(made, str):
        return {"text": made}
    if one.kind == "table" and isinstance(made, Table):
        return dict(vars(made))
    raise TypeError(f"{one.kind} {one.name} returned the wrong type: {type(made).__name__}")


def _first_paragraph(docstring: str | None) -> str:
    """Return the first paragraph of a docstring on one line; "" if there is none."""
    return " ".join((docstring or "").strip().partition("\n\n")[0].split())
