"""What a book needs: every training, measurement, output and picture, and which waits for which."""

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
    """Everything that the chapters define, in the order of the chapters' names."""
    package = importlib.import_module(edition.chapters)
    modules = pkgutil.walk_packages(package.__path__, f"{edition.chapters}.")
    for module in sorted(modules, key=lambda module: module.name):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, Measurement | Derived) and value.__module__ == module.name:
                yield value


@dataclass(frozen=True)
class Plan:
    """What a profile of an edition needs: first trainings, measurements and outputs; from their results the rest."""

    edition: Edition
    profile: Profile
    measurements: dict[str, Measurement]
    derived: dict[tuple[str, str], Derived]

    @classmethod
    def of(cls, edition: Edition, profile: Profile) -> Plan:
        """Collect what the chapters define. Raises ValueError where two results of a kind have one name."""
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
        """Trainings first, then what waits for them; each computation once."""
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
        """All that does not wait for results of others, in the order in which it is best begun."""
        for measured in self.measurements.values():
            yield from measured.trainings(self.profile)
        if self.edition.notebook:  # early: it is long, and would run alone at the end
            yield program_outputs.notebook(self.edition, self.profile)
        for measured in self.measurements.values():
            yield measured.computation(self.profile)
        for name in snippets.names(self.edition):
            yield program_outputs.output(self.edition, name, self.profile)

    def find(self, kind: str, name: str, key: str) -> Computation | None:
        """The computation of this kind, name and key; None where the source has another one now."""
        named: Iterable[Computation]
        if KINDS[kind].is_picture:
            named = [drawing(self.edition, self.derived[kind, name], self.profile)]
        else:
            named = (one for one in self._computations() if (one.kind, one.name) == (kind, name))
        return next((one for one in named if one.key == key), None)

    def pictures(self) -> list[Task]:
        """Figures and sliders, whose keys are known only when the results that they show are there."""
        return [Task(drawing(self.edition, one, self.profile)) for one in self.derived.values() if is_picture(one)]


def is_picture(one: Derived) -> bool:
    """Whether it is drawn and kept by the store, not made anew with each book."""
    return one.kind in KINDS and KINDS[one.kind].is_picture
