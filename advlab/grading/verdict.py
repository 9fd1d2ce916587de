"""What a grader says, and how a reader's function is called."""

from __future__ import annotations

import linecache
import textwrap
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

#: Columns of what is printed: a block of the page holds so many.
WIDTH = 78


class Mistake(Exception):
    """The first thing that is wrong: the key of its hint, and what was seen of it."""

    def __init__(self, hint: str, seen: str = "") -> None:
        super().__init__(hint, seen)
        self.hint, self.seen = hint, seen


@dataclass(frozen=True)
class Exercise:
    """A grader: `grade` raises `Mistake`, or returns what it has checked; `hints` has the words for each mistake."""

    grade: Callable[[Solution], list[str]]
    hints: Mapping[str, str]


@dataclass(frozen=True)
class Verdict:
    """What became of a solution.

    Args:
        name: of the exercise.
        hint: the key of the mistake; None where the solution passed.
        text: the hint in words, or "".
        seen: what the grader saw of the mistake.
        checked: what held, where the solution passed.
        remarks: what is worth a thought and no mistake.
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
    """Paragraphs in lines that fit a page; lines that begin with blanks are code and stay."""
    lines = []
    for line in text.splitlines():
        code = line.startswith(" ")
        lines += [f"  {line}"] if code else textwrap.wrap(line, WIDTH, initial_indent=first, subsequent_indent="  ")
    return "\n".join(lines)


@dataclass
class Solution:
    """A reader's function. Calling it turns whatever it raises into a `Mistake` that shows the reader's own line."""

    function: Callable[..., Any]
    remarks: list[str] = field(default_factory=list)

    def __call__(self, *arguments: object) -> Any:
        try:
            return self.function(*arguments)
        except NotImplementedError as problem:
            raise Mistake("unfinished", where(problem, self.file)) from problem
        except Exception as problem:  # whatever a reader's function does
            raise Mistake("raises", f"{type(problem).__name__}: {problem}\n{where(problem, self.file)}") from problem

    @property
    def file(self) -> str:
        """Where the function's code stands."""
        code = getattr(self.function, "__code__", None)
        return str(code.co_filename) if code is not None else ""

    def images(self, *arguments: object, like: Tensor) -> Tensor:
        """What an attack returns, if that is a batch of images like the ones it was given."""
        found = self(*arguments)
        if found is None:
            raise Mistake("returns", "your function returns None: is there a return?")
        if not isinstance(found, Tensor):
            raise Mistake("returns", f"images should come back as a torch.Tensor, not as {type(found).__name__}")
        if found.shape != like.shape or found.dtype != like.dtype:
            asked = f"{list(like.shape)} {like.dtype}"
            raise Mistake("returns", f"asked for were images {asked}, and {list(found.shape)} {found.dtype} came back")
        if not found.isfinite().all():
            raise Mistake("returns", "the images that came back hold NaN or infinity")
        return found


def where(problem: BaseException, file: str) -> str:
    """The last line of the reader's own code on the way to an exception; "" where there is none."""
    frames = traceback.extract_tb(problem.__traceback__)
    own = [frame for frame in frames if frame.filename == file]
    if not own:
        return ""
    line = linecache.getline(own[-1].filename, own[-1].lineno or 0).strip()
    place = f"in {own[-1].name}, line {own[-1].lineno} of {file.rsplit('/', 1)[-1]}"
    return f"{place}:\n    {line}" if line else place


#: Of every exercise.
COMMON = {
    "unfinished": "The function still raises NotImplementedError: it is the template, or calls one.",
    "raises": "Your function ended with an error.",
    "returns": "What your function returns is not what was asked for.",
}
