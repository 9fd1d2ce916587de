"""What a grader reports, and how a reader's function is called."""

from __future__ import annotations

import linecache
import textwrap
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

#: Width of the output in columns, as much as a block of a page holds.
WIDTH = 78


class Mistake(Exception):
    """The first thing that is wrong with a solution.

    Args:
        hint: the key of its hint.
        seen: what was seen of it; "" for nothing more than the hint says.

    Source: advlab's own, made for the book's exercises.
    """

    def __init__(self, hint: str, seen: str = "") -> None:
        super().__init__(hint, seen)
        self.hint, self.seen = hint, seen


@dataclass(frozen=True)
class Exercise:
    """A grader.

    Args:
        grade: takes a solution; raises `Mistake`, or returns what it has checked.
        hints: the words for each mistake, by its key.

    Source: advlab's own, made for the book's exercises.
    """

    grade: Callable[[Solution], list[str]]
    hints: Mapping[str, str]


@dataclass(frozen=True)
class Verdict:
    """The result of grading a solution.

    Args:
        name: of the exercise.
        hint: the key of the mistake; None if the solution passed.
        text: the hint in words, or "".
        seen: what the grader saw of the mistake.
        checked: what holds, if the solution passed.
        remarks: what deserves attention but is no mistake.

    Source: advlab's own, made for the book's exercises.
    """

    name: str
    hint: str | None = None
    text: str = ""
    seen: str = ""
    checked: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether nothing was wrong."""
        return self.hint is None

    def __str__(self) -> str:
        if self.hint is not None:
            parts = [f"{self.name}: not passed ({self.hint})", _wrapped(self.text)]
            return "\n".join([*parts, *([_wrapped(f"Seen: {self.seen}")] if self.seen else [])])
        held = [_wrapped(line, "  - ") for line in self.checked]
        remarks = [_wrapped(f"A remark: {line}") for line in self.remarks]
        return "\n".join([f"{self.name}: passed", *held, *remarks])


def _wrapped(text: str, first: str = "  ") -> str:
    """Paragraphs wrapped to the width of a page; lines that begin with blanks are code and stay."""
    lines = []
    for line in text.splitlines():
        code = line.startswith(" ")
        lines += [f"  {line}"] if code else textwrap.wrap(line, WIDTH, initial_indent=first, subsequent_indent="  ")
    return "\n".join(lines)


@dataclass
class Solution:
    """A reader's function. A call turns any exception into a `Mistake` that shows the reader's own line.

    Args:
        function: the reader's.
        remarks: what deserves attention but is no mistake; graders add to it.

    Source: advlab's own, made for the book's exercises.
    """

    function: Callable[..., Any]
    remarks: list[str] = field(default_factory=list)

    def __call__(self, *arguments: object) -> Any:
        """Result of the reader's function.

        Raises:
            Mistake: it raised an exception.
        """
        try:
            return self.function(*arguments)
        except NotImplementedError as problem:
            raise Mistake("unfinished", where(problem, self.file)) from problem
        except Exception as problem:  # whatever a reader's function does
            raise Mistake("raises", f"{type(problem).__name__}: {problem}\n{where(problem, self.file)}") from problem

    @property
    def file(self) -> str:
        """File that holds the function's code; "" if it is unknown."""
        code = getattr(self.function, "__code__", None)
        return str(code.co_filename) if code is not None else ""

    def images(self, *arguments: object, like: Tensor) -> Tensor:
        """Result of an attack, if it is a batch of images like those that it was given.

        Args:
            arguments: of the reader's function.
            like: images of the expected shape and dtype.

        Raises:
            Mistake: the function raised an exception, or returned something else.

        Source: advlab's own, made for the book's exercises.
        """
        found = self(*arguments)
        if found is None:
            raise Mistake("returns", "your function returns None: is there a return?")
        if not isinstance(found, Tensor):
            raise Mistake("returns", f"your function should return a torch.Tensor, not {type(found).__name__}")
        if found.shape != like.shape or found.dtype != like.dtype:
            asked = f"{list(like.shape)} {like.dtype}"
            raise Mistake("returns", f"expected images {asked}, got {list(found.shape)} {found.dtype}")
        if not found.isfinite().all():
            raise Mistake("returns", "the returned images hold NaN or infinity")
        return found


def where(problem: BaseException, file: str) -> str:
    """Last line of the reader's own code on the way to an exception; "" if there is none.

    Args:
        problem: the exception.
        file: of the reader's code.

    Source: advlab's own, made for the book's exercises.
    """
    frames = traceback.extract_tb(problem.__traceback__)
    own = [frame for frame in frames if frame.filename == file]
    if not own:
        return ""
    line = linecache.getline(own[-1].filename, own[-1].lineno or 0).strip()
    place = f"in {own[-1].name}, line {own[-1].lineno} of {file.rsplit('/', 1)[-1]}"
    return f"{place}:\n    {line}" if line else place


#: Hints of every exercise.
COMMON = {
    "unfinished": "The function still raises NotImplementedError: it is the template, or calls one.",
    "raises": "Your function ended with an error.",
    "returns": "What your function returns is not what was asked for.",
}
