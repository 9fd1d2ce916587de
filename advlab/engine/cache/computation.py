"""Computations whose results the store keeps, each under a key made of everything that can change the result.

The key covers the parameters, the machine's numeric path, and the source and package versions that the computation
reaches (see `advlab.engine.cache.source`).
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
    """The source was edited while an older version of it ran; the result belongs to no key and is not stored."""


def target(function: Callable[..., Any] | type) -> str:
    """Return "module:name" of the top-level definition that a function or class belongs to."""
    return f"{function.__module__}:{function.__qualname__.partition('.')[0]}"


def canonical(value: Any) -> Json:
    """Convert a parameter to JSON; a function or class of the hashed packages becomes a hash of its source.

    Dataclass fields that are excluded from comparison (such as a display name) are left out.

    Raises:
        TypeError: a key cannot hold the value; the message names it.
        KeyError: a function or class is not defined at the top level of its module's source.
        UnfollowableSource: the source that a function or class reaches cannot be followed by name.
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
    """Return everything that a key is made of, as JSON; the store keeps it with the result to explain the key.

    Args:
        reached: the source that the computation reaches.
        parameters: values by name; see `canonical`.

    Raises:
        TypeError: a key cannot hold a parameter.
        KeyError: a function or class among the parameters is not defined at the top level of its module's source.
        UnfollowableSource: the source that such a function or class reaches cannot be followed by name.
        ValueError: `ADVLAB_DEVICE` names a device that cannot be used.
    """
    return {
        "parameters": {name: canonical(value) for name, value in parameters.items()},
        "machine": machine.ingredients(),
        "source": _identity(reached),
    }


@dataclass(frozen=True)
class Computation:
    """A call `maker(*arguments)` whose result, the files of one entry, the store keeps.

    Args:
        kind: one of `advlab.engine.cache.kinds.KINDS`.
        name: name of the entry in the store and in the messages of a build.
        maker: a top-level function of a module that returns the files of the entry.
        arguments: arguments of the maker; whatever in them can change the result is repeated in the fields below.
        parameters: values that the key holds besides source, versions and machine; see `canonical`.
        functions: functions and classes among the arguments that belong to the hashed packages; the key covers the
            source they reach.
        program: text of a program that the maker runs; the key covers the source it reaches.
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
        """Everything that the key is made of, as JSON."""
        return ingredients(self.reached, self.parameters)

    @functools.cached_property
    def key(self) -> str:
        """The key in the store: a SHA-256 digest, in hexadecimal."""
        return digest(self.made_of)

    def make(self) -> Files:
        """Run the maker, whatever the store holds, and return the files."""
        return self.maker(*self.arguments)

    def find(self, store: Store | None = None) -> Entry | None:
        """Return the stored entry, or None if there is none; never compute it."""
        return (store or Store()).read(self.kind, self.name, self.key)

    def get(self, store: Store | None = None) -> Entry:
        """Return the stored entry; if there is none, compute it on one thread, under the lock of its key.

        Raises:
            SourceChanged: a file of the reached source was edited after this process read it.
            OSError: the result could not be written.
            Exception: whatever the maker raises.
        """
        store = store or Store()
        entry = self.find(store)
        if entry is not None:
            return entry
        with store.lock(self.kind, self.name, self.key):
            entry = self.find(store)  # another process may have made it in the meantime
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
            raise SourceChanged(f"{self.name}: the source was edited during the computation; start the build again")
        meta = {"ingredients": self.made_of, "seconds": seconds, "machine": machine.describe()}
        return store.write(self.kind, self.name, self.key, files, meta)
