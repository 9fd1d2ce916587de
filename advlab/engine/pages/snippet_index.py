"""The page that lists the programs of snippets/ by task, made from snippets/index.yml."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from advlab.engine.editions import Edition

INDEX = "index.yml"
#: Extensions of the programs.
_ENDINGS = {".py", ".sh", ".yml", ".yaml", ".toml"}


@dataclass(frozen=True)
class Program:
    """A file and what it does, in a few words."""

    file: str
    does: str


@dataclass(frozen=True)
class Task:
    """A task of a reader, and the programs for it."""

    task: str
    programs: tuple[Program, ...]


def files(folder: Path) -> list[str]:
    """List every program of the folder, as pages name it ("fgsm/attack.py")."""
    found = (path for path in folder.rglob("*") if path.suffix in _ENDINGS and "__pycache__" not in path.parts)
    return sorted(name for name in (path.relative_to(folder).as_posix() for path in found) if name != INDEX)


def load(folder: Path) -> tuple[Task, ...]:
    """Read and check the index of a folder of programs.

    Raises:
        ValueError: a program is listed under no task, or twice under one; a task has no program or names one that does
            not exist; or a program has no description.
        OSError: the index cannot be read.
    """
    content = yaml.safe_load((folder / INDEX).read_text(encoding="utf-8"))
    tasks = tuple(
        Task(task, tuple(Program(file, does) for one in programs for file, does in one.items()))
        for task, programs in content.items()
        if programs
    )
    if empty := [task for task, programs in content.items() if not programs]:
        raise ValueError(f"snippets/{INDEX}: no program under {', '.join(empty)}")
    there = files(folder)
    for task in tasks:
        named = [program.file for program in task.programs]
        for program in task.programs:
            if program.file not in there:
                raise ValueError(f"snippets/{INDEX}: no program {program.file!r} (under {task.task!r})")
            if named.count(program.file) > 1:
                raise ValueError(f"snippets/{INDEX}: {program.file} occurs twice under {task.task!r}")
            if not str(program.does or "").strip():
                raise ValueError(f"snippets/{INDEX}: {program.file} has no description")
    listed = {program.file for task in tasks for program in task.programs}
    if missing := [file for file in there if file not in listed]:
        raise ValueError(
            f"in snippets/ but under no task: {', '.join(missing)}. Add each to snippets/{INDEX}, under a task that it "
            "serves"
        )
    return tasks


@cache
def _tasks(folder: Path) -> tuple[Task, ...]:
    return load(folder)


def page(edition: Edition, shown_on: dict[str, tuple[str, str]]) -> str:
    """Return the list of programs as Markdown.

    Args:
        edition: the edition with the programs.
        shown_on: file and title of the page that shows each program, by program.

    Raises:
        KeyError: no page shows a program.
        ValueError: the index is wrong; see `load`.
    """
    parts = []
    for task in _tasks(edition.snippets):
        parts.append(f"## {task.task}\n")
        for program in task.programs:
            file, title = shown_on[program.file]
            parts.append(f"- {program.does} [{title}]({file}), `snippets/{program.file}`")
        parts.append("")
    return "\n".join(parts)
