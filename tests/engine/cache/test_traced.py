"""What really ran lies within what was hashed: every measurement of every chapter, run small, under a tracer."""

import ast
import functools
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

from advlab.engine.build.plan import definitions
from advlab.engine.cache import source
from advlab.engine.cache.computation import target
from advlab.engine.cache.profile import Profile
from advlab.engine.chapter import Derived, Measurement
from advlab.zoo import training

TINY = Profile("tiny", train_images=400, test_images=60, slow_images=60, seeds=2)

#: What carries results and makes none (source.CARRIERS), with what it calls itself: the values of `machine.ingredients`
#: are in every key.
CARRIERS = source.CARRIERS
CARRIED = set(
    source.Source(carriers=())
    .reached("advlab.engine.cache.computation:Computation", "advlab.engine.cache.computation:Measurement")
    .definitions
)


@functools.cache
def _definitions(path: str) -> list[tuple[int, int, str]]:
    """A file's top-level definitions: first line (decorators included), last line, name."""
    found = []
    for node in ast.parse(Path(path).read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            found.append((first, node.end_lineno or node.lineno, node.name))
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [t.id for t in targets if isinstance(t, ast.Name)]
            found += [(node.lineno, node.end_lineno or node.lineno, name) for name in names]
    return found


def place(code: CodeType) -> str | None:
    """ "module:name" of the top-level definition that a piece of code belongs to; None outside advlab."""
    path = Path(code.co_filename)
    if source.PACKAGE not in path.parents or code.co_name == "<module>":
        return None
    module = ".".join(path.relative_to(source.PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
    for first, last, name in _definitions(code.co_filename):
        if first <= code.co_firstlineno <= last:
            return f"{module}:{name}"
    return f"{module}:"


def traced(run: Callable[[], Any]) -> set[str]:
    """The definitions of advlab that ran."""
    codes: set[CodeType] = set()

    def note(frame: FrameType, event: str, argument: object) -> None:
        if event == "call":
            codes.add(frame.f_code)

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        run()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    places = {place(code) for code in codes} - {None}
    return {one for one in places if one is not None and one.partition(":")[0] not in CARRIERS} - CARRIED


EVERYTHING = list(definitions())
MEASUREMENTS = [one for one in EVERYTHING if isinstance(one, Measurement)]


@pytest.fixture(autouse=True, scope="module")
def _own_store(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ADVLAB_STORE", str(tmp_path_factory.mktemp("store")))
        patch.setenv("ADVLAB_PROFILE", "draft")
        yield


def test_the_tracer_sees_and_an_omission_is_found() -> None:
    """The check itself: without a definition in the hash, what ran does not lie within it."""
    measured = MEASUREMENTS[0]
    ran = traced(lambda: measured.function(TINY))
    assert f"{target(measured.function)}" in ran
    assert len(ran) > 3
    reached = set(source.SNAPSHOT.reached(target(measured.function)).definitions)
    assert ran - (reached - {target(measured.function)})


@pytest.mark.parametrize("measured", MEASUREMENTS, ids=lambda one: one.name)
def test_what_ran_was_hashed(measured: Measurement) -> None:
    reached = set(source.SNAPSHOT.reached(target(measured.function)).definitions)
    for needed in measured.trainings(TINY):
        reached |= set(needed.reached.definitions)
    assert traced(lambda: measured.function(TINY)) <= reached


def test_a_training_ran_within_its_hash() -> None:
    from advlab.zoo import STANDARD, _trained_files, sized

    recipe = sized(STANDARD, TINY)
    assert traced(lambda: _trained_files(recipe, 7)) <= set(training(recipe, 7).reached.definitions)


@pytest.mark.parametrize("drawn", [one for one in EVERYTHING if isinstance(one, Derived)], ids=lambda one: one.name)
def test_figures_tables_and_claims_ran_within_their_hash(drawn: Derived) -> None:
    from advlab.chapters.shared import style

    results = drawn.results(TINY)
    looks = [f"advlab.chapters.shared.style:{name}" for name in ("scheme", "save")]
    reached = set(source.SNAPSHOT.reached(target(drawn.function), *looks).definitions)

    def draw() -> None:
        with style.scheme("dark"):
            drawn.function(*results)

    assert traced(draw) <= reached
