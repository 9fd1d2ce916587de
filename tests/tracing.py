"""Which definitions of advlab ran, and which of its data files were read: what a stored result's key has to hold."""

import ast
import functools
import importlib
import pkgutil
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import advlab
from advlab.engine.cache import source
from advlab.engine.cache.computation import Computation

#: What carriers call themselves: a profile's sizes and the values of `machine.ingredients` are in every key.
CARRIERS = [
    "advlab.engine.cache.computation:Computation",
    "advlab.engine.chapter:Measurement",
    "advlab.engine.cache.profile:Profile",
]
CARRIED = set(source.Source(source.PACKAGE).reached(*CARRIERS).definitions)
_opened: list[str] | None = None


def _note_opened(event: str, arguments: tuple[Any, ...]) -> None:
    if _opened is not None and event == "open" and isinstance(arguments[0], str):
        _opened.append(arguments[0])


sys.addaudithook(_note_opened)


def escaped(computation: Computation, run: Callable[[], Any] | None = None) -> set[str]:
    """Definitions that ran and data files that were read while it was made, and that its key does not hold: none."""
    ran, files = traced(computation.make if run is None else run)
    return (ran - set(computation.reached.definitions)) | (files - set(computation.reached.files))


def traced(run: Callable[[], Any]) -> tuple[set[str], set[str]]:
    """The definitions of advlab that ran ("module:name"), in all threads, and the data files of it that were read."""
    global _opened
    _import_everything()
    codes: set[CodeType] = set()

    def note(frame: FrameType, event: str, argument: object) -> None:
        if event == "call":
            codes.add(frame.f_code)

    _opened = opened = []
    threading.setprofile(note)
    sys.setprofile(note)
    try:
        run()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
        _opened = None
    places = {place for code in codes if (place := _place(code)) is not None}
    ran = {place for place in places if place.partition(":")[0] not in source.CARRIERS} - CARRIED
    return ran, {name for name in opened if _is_data(Path(name))}


@functools.cache
def _import_everything() -> None:
    """Import every module now: what an import runs while something is traced would seem to belong to that."""
    for module in pkgutil.walk_packages(advlab.__path__, "advlab."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def _is_data(path: Path) -> bool:
    """Whether it is a file of the package that is no code."""
    return source.PACKAGE in path.parents and path.suffix not in {".py", ".pyc"} and "__pycache__" not in path.parts


def _place(code: CodeType) -> str | None:
    """ "module:name" of the top-level definition that a piece of code belongs to; None outside advlab."""
    path = Path(code.co_filename)
    if source.PACKAGE not in path.parents or code.co_name == "<module>":
        return None
    module = ".".join(path.relative_to(source.PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
    for first, last, name in _definitions(code.co_filename):
        if first <= code.co_firstlineno <= last:
            return f"{module}:{name}"
    return f"{module}:"


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
