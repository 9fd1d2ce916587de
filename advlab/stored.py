"""Computations whose results the store keeps: trainings, and a chapter's measurements, figures, tables, claims.

A decorated function keeps its plain form (`.function`). Called through the decorator, a measurement looks
its key up in the store and computes only what is not there. The key holds everything that can change the
result: the parameters, the machine's numeric path, the versions of every package reached, and the source
reached (see `advlab.source`).
"""

from __future__ import annotations

import dataclasses
import functools
import time
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

import torch

from advlab import machine, source
from advlab.encoding import Files, Json, digest, to_bytes
from advlab.profile import Profile
from advlab.store import Entry, Store
from advlab.versions import versions


class SourceChanged(RuntimeError):
    """The source was edited while its old form ran: the result belongs to no key and is not kept."""


def target(function: Callable[..., Any] | type) -> str:
    """A function's or class's place in the source: "module:name" of the top-level definition it belongs to."""
    return f"{function.__module__}:{function.__qualname__.partition('.')[0]}"


def canonical(value: Any) -> Json:
    """A parameter as JSON. A function or class of the packages hashed stands for the source that it reaches.

    Of a dataclass, fields that do not count when two are compared (a name for people) do not count here.

    Raises TypeError for values that no key can hold, naming them.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [canonical(item) for item in value]
    if isinstance(value, Mapping):
        return {str(name): canonical(item) for name, item in value.items()}
    if isinstance(value, type | types.FunctionType | types.BuiltinFunctionType) and "<" not in value.__qualname__:
        package = value.__module__.partition(".")[0]
        if package in source.SNAPSHOT.packages:
            return {"source": _identity(source.SNAPSHOT.reached(target(value)))}
        if found := versions([package]):
            return {"function": f"{value.__module__}.{value.__qualname__}", "versions": found}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: canonical(getattr(value, f.name)) for f in dataclasses.fields(value) if f.compare}
        return {"class": type(value).__qualname__, "fields": fields}
    raise TypeError(
        f"{value!r} ({type(value).__name__}) cannot be part of a key: give plain values, dataclasses of them, or "
        "functions and classes defined at the top level of a module of advlab or of an installed package"
    )


def _identity(reached: source.Reached) -> Json:
    return {"digest": reached.digest, "versions": versions(reached.packages)}


def ingredients(reached: source.Reached, parameters: Mapping[str, Any]) -> Json:
    """Everything that a key is made of, as JSON; the store keeps it beside the result for whoever asks why."""
    return {
        "parameters": {name: canonical(value) for name, value in parameters.items()},
        "machine": machine.ingredients(),
        "source": _identity(reached),
    }


@dataclass(frozen=True)
class Computation:
    """Something that the store keeps: what it is called, what its key is made of, and how to make it."""

    kind: str
    name: str
    made_of: Json
    reached: source.Reached
    make: Callable[[], Files]

    @classmethod
    def by(
        cls,
        maker: Callable[..., Files],
        *arguments: Any,
        kind: str,
        name: str,
        parameters: Mapping[str, Any],
        functions: Iterable[Callable[..., Any] | type] = (),
        program: str = "",
    ) -> Computation:
        """What `maker(*arguments)` makes. The key holds the source that the maker, `functions` and `program` reach.

        Args:
            maker: a function at the top level of a module: it makes the files of the entry.
            arguments: of the maker; what of them matters is repeated in `parameters` or `functions`.
            kind: "model", "measurement", ...
            name: of the entry in the store.
            parameters: what else the key holds; see `canonical`.
            functions: functions and classes of the package among the arguments.
            program: the text of a program that the maker runs.
        """
        reached = source.SNAPSHOT.reached(target(maker), *map(target, functions), program=program)
        made_of = ingredients(reached, parameters)
        return cls(kind, name, made_of, reached, functools.partial(maker, *arguments))

    @functools.cached_property
    def key(self) -> str:
        return digest(self.made_of)

    def find(self, store: Store | None = None) -> Entry | None:
        """The stored entry, or None; computes nothing."""
        return (store or Store()).read(self.kind, self.name, self.key)

    def get(self, store: Store | None = None) -> Entry:
        """The stored entry; made now, on one thread and under the key's lock, if it is not there.

        Raises SourceChanged when files of the source reached were edited since this process read them.
        """
        store = store or Store()
        entry = self.find(store)
        if entry is not None:
            return entry
        with store.lock(self.kind, self.name, self.key):
            entry = self.find(store)  # another process may have made it meanwhile
            return entry if entry is not None else self._made(store)

    def _made(self, store: Store) -> Entry:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        started = time.perf_counter()
        try:
            files = self.make()
        finally:
            torch.set_num_threads(threads)
        seconds = time.perf_counter() - started
        if not source.SNAPSHOT.unchanged(self.reached):
            raise SourceChanged(f"{self.name}: the source was edited while it ran; start again")
        meta = {"ingredients": self.made_of, "seconds": seconds, "machine": machine.describe()}
        return store.write(self.kind, self.name, self.key, files, meta)


def profile_values(profile: Profile) -> dict[str, int | None]:
    """A profile as parameters: its sizes. Its name changes nothing."""
    return {name: value for name, value in dataclasses.asdict(profile).items() if name != "name"}


Measure = Callable[[Profile], dict[str, Json]]
Trainings = Callable[[Profile], Sequence[Computation]]


def result_files(measure: Measure, profile: Profile) -> Files:
    """The result as `result.json`, and beside it what it holds for each example.

    Under "evidence" stand verdicts on each example, under "adversarial" images (safetensors, as bytes), under "card"
    the report of an audit (HTML, as text).
    """
    result = dict(measure(profile))
    evidence, adversarial = result.pop("evidence", None), result.pop("adversarial", None)
    card = result.pop("card", None)
    files = {"result.json": to_bytes(result)}
    if card is not None:
        files["card.html"] = card.encode()
    if adversarial is not None:
        files["adversarial.safetensors"] = adversarial
    if evidence is not None:
        files["evidence.json"] = to_bytes(evidence)
    return files


class Measurement:
    """A chapter's measurement: profile in, JSON-able results out, kept by the store."""

    def __init__(self, function: Measure, trainings: Trainings) -> None:
        self.function = function
        self.trainings = trainings
        self.name = _name(function)
        self.__doc__ = function.__doc__
        self.__module__ = function.__module__
        self.__qualname__ = function.__qualname__

    def computation(self, profile: Profile) -> Computation:
        """As the store keeps it: `result.json`, and beside it what is there for each example."""
        return Computation.by(
            result_files,
            self.function,
            profile,
            kind="measurement",
            name=self.name,
            parameters=profile_values(profile),
            functions=[self.function],
        )

    def __call__(self, profile: Profile) -> dict[str, Json]:
        result: dict[str, Json] = self.computation(profile).get().json()
        return result


@overload
def measurement(function: Measure, /) -> Measurement: ...


@overload
def measurement(*, trainings: Trainings) -> Callable[[Measure], Measurement]: ...


def measurement(
    function: Measure | None = None, /, *, trainings: Trainings = lambda profile: ()
) -> Measurement | Callable[[Measure], Measurement]:
    """Make a function of a profile a stored measurement.

    `trainings` gives the trainings it needs (`zoo.training(recipe, seed)`), so that the build does them first.
    """
    if function is None:
        return lambda decorated: Measurement(decorated, trainings)
    return Measurement(function, trainings)


@dataclass(frozen=True)
class Drawing:
    """A figure as drawn: a matplotlib figure, what it shows in words, and its caption (Markdown)."""

    figure: Any
    alt: str
    caption: str


@dataclass(frozen=True)
class Table:
    """A table for a page: cells as text (Markdown); `align` holds one of "l", "r", "c" a column."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str
    align: str

    def __post_init__(self) -> None:
        for row in (self.header, self.align, *self.rows):
            if len(row) != len(self.header):
                raise ValueError(f"table {self.caption!r}: {len(self.header)} columns, but a row has {len(row)}: {row}")


@dataclass(frozen=True)
class Slider:
    """Pictures between which a reader moves a slider called `name`: (label, drawing) in order, a caption for all."""

    name: str
    frames: Sequence[tuple[str, Drawing]]
    caption: str


class Derived:
    """What a chapter makes of results: a figure, a slider, a table or a claim."""

    def __init__(self, kind: str, function: Callable[..., Any], sources: Sequence[Measurement]) -> None:
        self.kind = kind
        self.function = function
        self.sources = tuple(sources)
        self.name = _name(function)
        self.__doc__ = function.__doc__
        self.__module__ = function.__module__
        self.__qualname__ = function.__qualname__

    def results(self, profile: Profile) -> list[dict[str, Json]]:
        return [one(profile) for one in self.sources]

    def __call__(self, *results: dict[str, Json]) -> Any:
        return self.function(*results)


def figure(*sources: Measurement) -> Callable[[Callable[..., Drawing]], Derived]:
    """A figure drawn from these measurements' results, given in this order, once for each colour scheme."""
    return lambda function: Derived("figure", function, sources)


def slider(*sources: Measurement) -> Callable[[Callable[..., Slider]], Derived]:
    """A slider over pictures drawn from these measurements' results, once for each colour scheme."""
    return lambda function: Derived("slider", function, sources)


def table(*sources: Measurement) -> Callable[[Callable[..., Table]], Derived]:
    """A table made of these measurements' results."""
    return lambda function: Derived("table", function, sources)


def claim(*sources: Measurement) -> Callable[[Callable[..., bool]], Derived]:
    """A named predicate over results: a page that states it while it is false does not build."""
    return lambda function: Derived("claim", function, sources)


def _name(function: Callable[..., Any]) -> str:
    """ "chapter:function", where the chapter is the module or package below `advlab.chapters`."""
    parts = function.__module__.split(".")
    chapter = parts[parts.index("chapters") + 1] if "chapters" in parts else parts[-1]
    return f"{chapter}:{function.__name__}"
