"""A computation whose result the store keeps: under a key that holds everything that can change the result.

That is the parameters, the machine's numeric path, the versions of every package reached, and the source reached (see
`advlab.engine.cache.source`).
"""

from __future__ import annotations

import dataclasses
import functools
import time
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from advlab.engine.cache import machine, source
from advlab.engine.cache.encoding import Files, Json, digest
from advlab.engine.cache.store import Entry, Store
from advlab.engine.cache.versions import versions


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
    """What `maker(*arguments)` makes, as the store keeps it.

    Args:
        kind: one of `advlab.engine.cache.kinds.KINDS`.
        name: of the entry in the store, and in what a build says.
        maker: a function at the top level of a module: it makes the files of the entry.
        arguments: of the maker; what of them matters is repeated in the fields below.
        parameters: what the key holds besides source, versions and machine; see `canonical`.
        functions: functions and classes of the packages hashed among the arguments: the key holds what they reach.
        program: the text of a program that the maker runs: the key holds what it reaches.
    """

    kind: str
    name: str
    maker: Callable[..., Files]
    arguments: tuple[Any, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    functions: tuple[Callable[..., Any] | type, ...] = ()
    program: str = ""

    @functools.cached_property
    def reached(self) -> source.Reached:
        """The source that the maker, the functions and the program reach."""
        return source.SNAPSHOT.reached(target(self.maker), *map(target, self.functions), program=self.program)

    @functools.cached_property
    def made_of(self) -> Json:
        """Everything that the key is made of."""
        return ingredients(self.reached, self.parameters)

    @functools.cached_property
    def key(self) -> str:
        return digest(self.made_of)

    def make(self) -> Files:
        """Make it now, whatever the store holds."""
        return self.maker(*self.arguments)

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
