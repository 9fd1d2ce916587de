"""What a chapter is made of: measurements, and figures, sliders, tables, claims and fragments made of them.

A decorated function keeps its plain form (`.function`). Called through the decorator, a measurement looks its key up
in the store and computes only what is not there.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, overload

from advlab.engine.cache.computation import Computation
from advlab.engine.cache.encoding import Files, Json, to_bytes
from advlab.engine.cache.profile import Profile

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
        self.name = result_name(function)
        self.__doc__ = function.__doc__
        self.__module__ = function.__module__
        self.__qualname__ = function.__qualname__

    def computation(self, profile: Profile) -> Computation:
        """As the store keeps it: `result.json`, and beside it what is there for each example."""
        return Computation(
            "measurement", self.name, result_files, (self.function, profile), profile.sizes(), (self.function,)
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
    """What a chapter makes of results: a figure, a slider, a table, a claim or a fragment."""

    def __init__(self, kind: str, function: Callable[..., Any], sources: Sequence[Measurement]) -> None:
        self.kind = kind
        self.function = function
        self.sources = tuple(sources)
        self.name = result_name(function)
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


def fragment(*sources: Measurement) -> Callable[[Callable[..., str]], Derived]:
    """A piece of a page that a chapter writes itself: Markdown or HTML, in which a page's functions may be called."""
    return lambda function: Derived("fragment", function, sources)


def result_name(function: Callable[..., Any]) -> str:
    """ "chapter:function": the chapter is the module or package just below a package with `HOLDS_CHAPTERS = True`."""
    parts = function.__module__.split(".")
    for number in range(1, len(parts)):
        holder = sys.modules.get(".".join(parts[:number]))
        if getattr(holder, "HOLDS_CHAPTERS", False):
            return f"{parts[number]}:{function.__name__}"
    return f"{parts[-1]}:{function.__name__}"
