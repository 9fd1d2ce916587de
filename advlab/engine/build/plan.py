"""The plan of a build: every training, measurement, output and picture that a book needs, and their dependencies."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from advlab.engine import snippets
from advlab.engine.build import program_outputs
from advlab.engine.build.drawing import drawing
from advlab.engine.build.workers import Task
from advlab.engine.cache.computation import Computation
from advlab.engine.cache.kinds import KINDS
from advlab.engine.cache.profile import Profile
from advlab.engine.chapter import Derived, Measurement
from advlab.engine.editions import Edition


def definitions(edition: Edition) -> Iterator[Measurement | Derived]:
    """Yield everything that the chapters define, in alphabetical order of their modules."""
    package = importlib.import_module(edition.chapters)
    modules = pkgutil.walk_packages(package.__path__, f"{edition.chapters}.")
    for module in sorted(modules, key=lambda module: module.name):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, Measurement | Derived) and value.__module__ == module.name:
                yield value


@dataclass(frozen=True)
class Plan:
    """The computations that the book of an edition needs.

    Args:
        edition: the edition.
        profile: the sizes of trainings and measurements.
        measurements: measurements by name.
        derived: what is made from their results, by kind and name.
    """

    edition: Edition
    profile: Profile
    measurements: dict[str, Measurement]
    derived: dict[tuple[str, str], Derived]

    @classmethod
    def of(cls, edition: Edition, profile: Profile) -> Plan:
        """Collect what the chapters define.

        Raises:
            ValueError: two results of one kind have the same name.
        """
        measurements: dict[str, Measurement] = {}
        derived: dict[tuple[str, str], Derived] = {}
        for one in definitions(edition):
            taken = one.name in measurements if isinstance(one, Measurement) else (one.kind, one.name) in derived
            if taken:
                raise ValueError(f"{one.name} is defined twice; names within a chapter must differ")
            if isinstance(one, Measurement):
                measurements[one.name] = one
            else:
                derived[one.kind, one.name] = one
        return cls(edition, profile, measurements, derived)

    def tasks(self) -> list[Task]:
        """List the tasks that need no other results as input: trainings first, each computation once."""
        after: dict[str, frozenset[str]] = {}
        for measured in self.measurements.values():
            after[measured.name] = frozenset(training.key for training in measured.trainings(self.profile))
        given = frozenset(computation.key for computation in self.edition.given_to_programs(self.profile))
        tasks: dict[str, Task] = {}
        for one in self._computations():
            waits = {"measurement": after.get(one.name, frozenset()), "output": given, "notebook": given}
            tasks.setdefault(one.key, Task(one, waits.get(one.kind, frozenset())))
        return list(tasks.values())

    def _computations(self) -> Iterator[Computation]:
        """Yield the computations whose keys need no other results, in the order in which they should start."""
        for measured in self.measurements.values():
            yield from measured.trainings(self.profile)
        if self.edition.notebook:  # early: it takes long and would otherwise run alone at the end
            yield program_outputs.notebook(self.edition, self.profile)
        for measured in self.measurements.values():
            yield measured.computation(self.profile)
        for name in snippets.names(self.edition):
            yield program_outputs.output(self.edition, name, self.profile)

    def find(self, kind: str, name: str, key: str) -> Computation | None:
        """Return the computation of this kind, name and key; None if the source now gives it another key."""
        named: Iterable[Computation]
        if KINDS[kind].is_picture:
            named = [drawing(self.edition, self.derived[kind, name], self.profile)]
        else:
            named = (one for one in self._computations() if (one.kind, one.name) == (kind, name))
        return next((one for one in named if one.key == key), None)

    def pictures(self) -> list[Task]:
        """List the tasks for figures and sliders; their keys depend on the results they show, which must be stored."""
        return [Task(drawing(self.edition, one, self.profile)) for one in self.derived.values() if is_picture(one)]


def is_picture(one: Derived) -> bool:
    """Return whether it is drawn once and stored, rather than created again with each book."""
    return one.kind in KINDS and KINDS[one.kind].is_picture
