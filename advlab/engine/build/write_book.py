"""Fill the store and write the book that pages read.

Runs in a fresh process (`advlab build`), never inside MkDocs: there, edited modules are not reloaded, and old
code's results would be kept under the new code's key. Each computation has one thread; as many run at once as there
are jobs.
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
    """In a worker: find the computation again and do it. Its key must be the one that was asked for."""
    found = _plan(job.edition, job.profile).find(job.kind, job.name, job.key)
    if found is None:
        raise SourceChanged(f"{job.name}: the source was edited after the build began; start again")
    found.get()


def build(edition: Edition, profile: Profile, jobs: int, quiet: bool) -> dict[str, Any]:
    """Compute what is missing and write the profile's book; returns the book.

    Raises SourceChanged when the source was edited meanwhile, and whatever a computation raises.
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
        raise SourceChanged("the source was edited while the site was being measured; start again")
    book |= {"fingerprint": before, "seconds": time.perf_counter() - started}
    write_atomically(book_path(store, profile), json.dumps(book, indent=1, sort_keys=True).encode())
    return book


def _book(plan: Plan, store: Store) -> dict[str, Any]:
    """Where each result lies, with what the pages say of it."""
    book: dict[str, Any] = {
        "profile": vars(plan.profile),
        "built": time.time(),
        "machine": machine.describe(),
        "packages": {name: importlib.metadata.version(name) for name in plan.edition.packages},
    }
    for task in [*plan.tasks(), *plan.pictures()]:
        entry = task.computation.find(store)
        if entry is None:
            raise SourceChanged(f"{task.computation.name} is not in the store; the source was edited meanwhile")
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
    """A claim, a table or a fragment as the book holds it. Raises TypeError for a result of another kind."""
    if one.kind == "claim":
        return {"holds": bool(made), "says": _first_paragraph(one.__doc__)}
    if one.kind == "fragment" and isinstance(made, str):
        return {"text": made}
    if one.kind == "table" and isinstance(made, Table):
        return dict(vars(made))
    raise TypeError(f"{one.kind} {one.name}: it must not return a {type(made).__name__}")


def _first_paragraph(docstring: str | None) -> str:
    """The first paragraph of a docstring, on one line."""
    return " ".join((docstring or "").strip().partition("\n\n")[0].split())
