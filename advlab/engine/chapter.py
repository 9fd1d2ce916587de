"""The building blocks of chapters: measurements, and the figures, sliders, tables, claims and fragments based on them.

The decorated function stays available as `.function`. Calling a decorated measurement looks up its key in the store and
computes the result only if it is missing.
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
    """Run a measurement and return its result as `result.json`, with its data for each example in separate files.

    These are the values under "evidence" (verdicts on each example), "adversarial" (images, as safetensors bytes) and
    "card" (the report of an audit, as HTML text).

    Args:
        measure: the function of the measurement.
        profile: the sizes to measure with.

    Raises:
        ValueError: the result holds NaN or infinity.
        TypeError: the result holds an object that JSON cannot express.
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
    """A chapter's measurement: a function from a profile to results in JSON, which the store keeps.

    Args:
        function: the function to call.
        trainings: function from a profile to the trainings that the measurement needs.
    """

    def __init__(self, function: Measure, trainings: Trainings) -> None:
        self.function = function
        self.trainings = trainings
        self.name = result_name(function)
        self.__doc__ = function.__doc__
        self.__module__ = function.__module__
        self.__qualname__ = function.__qualname__

    def computation(self, profile: Profile) -> Computation:
        """Return the stored computation of the measurement; for its files see `result_files`."""
        return Computation(
            "measurement", self.name, result_files, (self.function, profile), profile.sizes(), (self.function,)
        )

    def __call__(self, profile: Profile) -> dict[str, Json]:
        """Return the stored result; measure first if there is none.

        Raises:
            SourceChanged: the source was edited during the measurement.
        """
        result: dict[str, Json] = self.computation(profile).get().json()
        return result


@overload
def measurement(function: Measure, /) -> Measurement: ...


@overload
def measurement(*, trainings: Trainings) -> Callable[[Measure], Measurement]: ...


def measurement(
    function: Measure | None = None, /, *, trainings: Trainings = lambda profile: ()
) -> Measurement | Callable[[Measure], Measurement]:
    """Turn a function of a profile into a stored measurement.

    Args:
        function: the function; omitted if the decorator is used with `trainings`.
        trainings: function from a profile to the trainings needed (`zoo.training(recipe, seed)`), which the build then
            runs first.
    """
    if function is None:
        return lambda decorated: Measurement(decorated, trainings)
    return Measurement(function, trainings)


@dataclass(frozen=True)
class Drawing:
    """A drawn figure.

    Args:
        figure: the matplotlib figure.
        alt: alternative text: what the figure shows, in words.
        caption: the caption, in Markdown.
    """

    figure: Any
    alt: str
    caption: str


@dataclass(frozen=True)
class Table:
    """A table for a page.

    Args:
        header: the column headings, in Markdown.
        rows: the cells of each row, in Markdown.
        caption: the caption, in Markdown.
        align: one letter per column: "l", "r" or "c".

    Raises:
        ValueError: a row or `align` does not have one item per column.
    """

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
    """A series of pictures that the reader selects with a slider.

    Args:
        name: label of the slider.
        frames: (label, drawing) of each picture, in order.
        caption: one caption for all pictures, in Markdown.
    """

    name: str
    frames: Sequence[tuple[str, Drawing]]
    caption: str


class Derived:
    """A figure, slider, table, claim or fragment that a chapter derives from results.

    Args:
        kind: one of these words.
        function: the function of the results that creates it.
        sources: the measurements whose results the function takes, in this order.
    """

    def __init__(self, kind: str, function: Callable[..., Any], sources: Sequence[Measurement]) -> None:
        self.kind = kind
        self.function = function
        self.sources = tuple(sources)
        self.name = result_name(function)
        self.__doc__ = function.__doc__
        self.__module__ = function.__module__
        self.__qualname__ = function.__qualname__

    def results(self, profile: Profile) -> list[dict[str, Json]]:
        """Return the results of the sources; measure those that the store lacks."""
        return [one(profile) for one in self.sources]

    def __call__(self, *results: dict[str, Json]) -> Any:
        return self.function(*results)


def figure(*sources: Measurement) -> Callable[[Callable[..., Drawing]], Derived]:
    """Declare a figure; the function takes these measurements' results, in order, and runs once per colour scheme."""
    return lambda function: Derived("figure", function, sources)


def slider(*sources: Measurement) -> Callable[[Callable[..., Slider]], Derived]:
    """Declare a slider; the function takes these measurements' results and runs once per colour scheme."""
    return lambda function: Derived("slider", function, sources)


def table(*sources: Measurement) -> Callable[[Callable[..., Table]], Derived]:
    """Declare a table; the function takes these measurements' results."""
    return lambda function: Derived("table", function, sources)


def claim(*sources: Measurement) -> Callable[[Callable[..., bool]], Derived]:
    """Declare a named predicate over results; a page that states it does not build while the predicate is false."""
    return lambda function: Derived("claim", function, sources)


def fragment(*sources: Measurement) -> Callable[[Callable[..., str]], Derived]:
    """Declare a piece of a page that code generates: Markdown or HTML, which may call the functions of pages."""
    return lambda function: Derived("fragment", function, sources)


def result_name(function: Callable[..., Any]) -> str:
    """Return "chapter:function"; the chapter is the module directly below the package with `HOLDS_CHAPTERS = True`."""
    parts = function.__module__.split(".")
    for number in range(1, len(parts)):
        holder = sys.modules.get(".".join(parts[:number]))
        if getattr(holder, "HOLDS_CHAPTERS", False):
            return f"{parts[number]}:{function.__name__}"
    return f"{parts[-1]}:{function.__name__}"
