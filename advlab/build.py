"""Fill the store: find what a profile lacks, compute it side by side, write the book that pages read.

Runs in a fresh process (`advlab build`), never inside MkDocs: there, edited modules are not reloaded, and old
code's results would be kept under the new code's key. Each computation has one thread; as many run at once as there
are jobs.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import advlab.chapters
from advlab import machine, programs, snippets, zoo
from advlab.chapters import style
from advlab.encoding import Files, digest, to_bytes
from advlab.fingerprint import fingerprint
from advlab.pool import Task, Workers
from advlab.profile import Profile
from advlab.store import Store, write_atomically
from advlab.stored import (
    Computation,
    Derived,
    Drawing,
    Measurement,
    Slider,
    SourceChanged,
    Table,
)
from advlab.versions import versions

#: The kinds of what is drawn, twice each, and kept as pictures.
DRAWN = ("figure", "slider")


def definitions() -> Iterator[Measurement | Derived]:
    """Everything that the chapters define, in the order of the chapters' names."""
    for module in sorted(pkgutil.walk_packages(advlab.chapters.__path__, "advlab.chapters."), key=lambda m: m.name):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, Measurement | Derived) and value.__module__ == module.name:
                yield value


@dataclass(frozen=True)
class Plan:
    """What a profile needs: first trainings, measurements and outputs; from their results the rest."""

    profile: Profile
    measurements: dict[str, Measurement]
    derived: dict[tuple[str, str], Derived]

    @classmethod
    def of(cls, profile: Profile) -> Plan:
        measurements: dict[str, Measurement] = {}
        derived: dict[tuple[str, str], Derived] = {}
        for one in definitions():
            taken = one.name in measurements if isinstance(one, Measurement) else (one.kind, one.name) in derived
            if taken:
                raise ValueError(f"{one.name} is defined twice; names within a chapter must differ")
            if isinstance(one, Measurement):
                measurements[one.name] = one
            else:
                derived[one.kind, one.name] = one
        return cls(profile, measurements, derived)

    def tasks(self) -> list[Task]:
        """Trainings first, then what waits for them; each computation once."""
        tasks: dict[str, Task] = {}
        # What `advlab.trained("standard")` gives programs and notebook.
        standard = frozenset({zoo.training(zoo.sized(zoo.STANDARD, self.profile)).key})
        for measured in self.measurements.values():
            for training in measured.trainings(self.profile):
                tasks.setdefault(training.key, Task(training, ("training", measured.name)))
        if snippets.NOTEBOOK.is_file():  # early: it is long, and would run alone at the end
            computation = programs.notebook(self.profile)
            tasks[computation.key] = Task(computation, ("notebook", "tutorial"), standard)
        for measured in self.measurements.values():
            computation = measured.computation(self.profile)
            after = frozenset(training.key for training in measured.trainings(self.profile))
            tasks[computation.key] = Task(computation, ("measurement", measured.name), after)
        for name in snippets.names():
            computation = programs.output(name, self.profile)
            tasks[computation.key] = Task(computation, ("output", name), standard)
        return list(tasks.values())

    def figures(self) -> list[Task]:
        """The figures, whose keys are known only when their results are there."""
        drawn = [one for (kind, _), one in self.derived.items() if kind in DRAWN]
        return [Task(drawing(one, self.profile), (one.kind, one.name)) for one in drawn]


def drawing(one: Derived, profile: Profile) -> Computation:
    """A figure or slider as the store keeps it: pictures in both schemes and their words as JSON."""
    results = one.results(profile)
    return Computation.by(
        draw,
        one.function,
        results,
        kind=one.kind,
        name=one.name,
        parameters={"results": [digest(result) for result in results]},
        functions=[one.function],
    )


def draw(picture: Callable[..., Drawing | Slider], results: list[dict[str, Any]]) -> Files:
    """Draw in both colour schemes. Raises ValueError for a picture without alternative text."""
    files: dict[str, bytes] = {}
    for name in ("light", "dark"):
        with style.scheme(name):
            drawn = picture(*results)
            frames = [("", drawn)] if isinstance(drawn, Drawing) else list(drawn.frames)
            for number, (_, frame) in enumerate(frames):
                if not frame.alt.strip():
                    raise ValueError("a picture has no alternative text")
                prefix = "" if isinstance(drawn, Drawing) else f"{number}."
                files[f"{prefix}{name}.svg"] = style.save(frame.figure)
        if isinstance(drawn, Drawing):
            files["figure.json"] = to_bytes({"alt": drawn.alt, "caption": drawn.caption})
        else:
            words = [{"label": label, "alt": frame.alt} for label, frame in frames]
            files["slider.json"] = to_bytes({"name": drawn.name, "frames": words, "caption": drawn.caption})
    return files


def perform(what: tuple[str, str], key: str, profile: Profile) -> None:
    """In a worker: find the computation again by its name and do it. The key must be the one that was asked for."""
    kind, name = what
    plan = Plan.of(profile)
    found: Computation | None
    if kind == "training":
        found = next((one for one in plan.measurements[name].trainings(profile) if one.key == key), None)
    elif kind == "measurement":
        found = plan.measurements[name].computation(profile)
    elif kind in DRAWN:
        found = drawing(plan.derived[kind, name], profile)
    elif kind == "notebook":
        found = programs.notebook(profile)
    else:
        found = programs.output(name, profile)
    if found is None or found.key != key:
        raise SourceChanged(f"{name}: the source was edited after the build began; start again")
    found.get()


def book_path(store: Store, profile: Profile) -> Path:
    """Where a profile's book lies."""
    return store.root / "books" / f"{profile.name}.json"


def build(profile: Profile, jobs: int, quiet: bool) -> dict[str, Any]:
    """Compute what is missing and write the profile's book; returns the book.

    Raises SourceChanged when the source was edited meanwhile, and whatever a computation raises.
    """
    started = time.perf_counter()
    store = Store()
    before = fingerprint(profile)
    plan = Plan.of(profile)
    with Workers(perform, profile, jobs, quiet, store) as workers:
        workers.run(plan.tasks())
        workers.run(plan.figures())
    book = _book(plan, store)
    if fingerprint(profile) != before:
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
        "packages": versions(["torch", "torchvision", "mkdocs", "material", "matplotlib", "sybil"]),
        "tables": {},
        "claims": {},
    }
    for task in [*plan.tasks(), *plan.figures()]:
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
        book["measurements"][name] |= {"says": _first(measured.__doc__), "module": measured.__module__}
    for (kind, name), one in plan.derived.items():
        sources = [measured.name for measured in one.sources]
        if kind in DRAWN:
            book[f"{kind}s"][name]["sources"] = sources
        else:
            made = one(*one.results(plan.profile))
            book[f"{kind}s"][name] = {"sources": sources, **_shown(kind, name, made, one)}
    return book


def _shown(kind: str, name: str, made: Any, one: Derived) -> dict[str, Any]:
    if kind == "claim":
        return {"holds": bool(made), "says": _first(one.__doc__)}
    if not isinstance(made, Table):
        raise TypeError(f"table {name}: it must return a Table, not {type(made).__name__}")
    return dict(vars(made))


def _first(docstring: str | None) -> str:
    """The first paragraph of a docstring, on one line."""
    return " ".join((docstring or "").strip().partition("\n\n")[0].split())
