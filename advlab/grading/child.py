"""One reader's file, in a process of its own: `python -m advlab.grading.child NAME FILE WHERE`.

The verdict goes to the file WHERE, apart from what the reader's code prints. `advlab.grading.command` starts this
process, and stops it if it takes too long.
"""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

from advlab.grading.announced import WrongUsage, signature
from advlab.grading.catalogue import EXERCISES, grade
from advlab.grading.verdict import Mistake, Verdict, where

#: A name that is not "__main__": what a reader runs under that guard is not run here.
MODULE = "solution"


def judged(name: str, path: Path) -> Verdict:
    """Verdict on the function `name` of a file.

    Args:
        name: of an exercise, and of the function.
        path: a Python file; it is executed.

    Raises:
        WrongUsage: the file holds no function of that name and of the arguments of the template.

    Source: advlab's own, made for the book's exercises.
    """
    try:
        module = loaded(path)
    except Mistake as mistake:
        return Verdict(name, mistake.hint, EXERCISES[name].hints[mistake.hint], mistake.seen)
    if name not in vars(module):
        there = ", ".join(key for key, value in vars(module).items() if callable(value) and not key.startswith("_"))
        raise WrongUsage(f"{path.name} has no function {signature(name)}; it has {there or 'no function'}")
    return grade(name, vars(module)[name])


def loaded(path: Path) -> ModuleType:
    """The file as a module. Its own folder is searched for its imports.

    Args:
        path: a Python file; it is executed.

    Raises:
        Mistake: the file is not valid Python, or fails.
    """
    sys.path.insert(0, str(path.resolve().parent))
    spec = importlib.util.spec_from_file_location(MODULE, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[MODULE] = module  # dataclasses and pickles look their module up
    try:
        spec.loader.exec_module(module)
    except SyntaxError as problem:
        place = f"in line {problem.lineno} of {path.name}:\n    {(problem.text or '').strip()}"
        raise Mistake("raises", f"SyntaxError: {problem.msg}\n{place}") from problem
    except Exception as problem:  # whatever a reader's file does
        seen = f"{type(problem).__name__}: {problem}\n{where(problem, str(path))}"
        raise Mistake("raises", seen) from problem
    return module


def main(name: str, path: str, result: str) -> None:
    """Grade a file and write the result as JSON: {"passed": ..., "says": words} or {"usage": words}.

    Args:
        name: of the exercise.
        path: of the reader's file.
        result: of the file to write.

    Source: advlab's own, made for the book's exercises.
    """
    try:
        verdict = judged(name, Path(path))
        found: dict[str, object] = {"passed": verdict.passed, "says": str(verdict)}
    except WrongUsage as problem:
        found = {"usage": str(problem)}
    Path(result).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:4])
