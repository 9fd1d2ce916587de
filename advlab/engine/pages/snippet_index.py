"""The programs of snippets/ by what a reader wants to do: one page, from snippets/index.yml."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from advlab.engine.editions import Edition

INDEX = "index.yml"
#: Of a place in snippets/ that is no program to copy.
_ENDINGS = {".py", ".sh", ".yml", ".yaml", ".toml"}


@dataclass(frozen=True)
class Program:
    """One file and what it does, in a few words."""

    file: str
    does: str


@dataclass(frozen=True)
class Task:
    """Something that a reader wants to do, and the programs for it."""

    task: str
    programs: tuple[Program, ...]


def files(folder: Path) -> list[str]:
    """Every program of the folder, as pages name it ("fgsm/attack.py")."""
    found = (path for path in folder.rglob("*") if path.suffix in _ENDINGS and "__pycache__" not in path.parts)
    return sorted(name for name in (path.relative_to(folder).as_posix() for path in found) if name != INDEX)


def load(folder: Path) -> tuple[Task, ...]:
    """Read and check the index of a folder of programs.

    Raises:
        ValueError: a program stands under no task or twice under one, a task names a program that is not there or has
            none, or says nothing of what a program does.
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
                raise ValueError(f"snippets/{INDEX}: {program.file} stands twice under {task.task!r}")
            if not str(program.does or "").strip():
                raise ValueError(f"snippets/{INDEX}: what does {program.file} do?")
    listed = {program.file for task in tasks for program in task.programs}
    if missing := [file for file in there if file not in listed]:
        raise ValueError(
            f"in snippets/ and under no task: {', '.join(missing)}. Add each to snippets/{INDEX}, under what a reader "
            "wants to do with it"
        )
    return tasks


@cache
def _tasks(folder: Path) -> tuple[Task, ...]:
    return load(folder)


def page(edition: Edition, shown_on: dict[str, tuple[str, str]]) -> str:
    """The list as Markdown. `shown_on` gives, by program, the file and the title of the page that shows it.

    Raises KeyError for a program that no page shows.
    """
    parts = []
    for task in _tasks(edition.snippets):
        parts.append(f"## {task.task}\n")
        for program in task.programs:
            file, title = shown_on[program.file]
            parts.append(f"- {program.does} [{title}]({file}), `snippets/{program.file}`")
        parts.append("")
    return "\n".join(parts)
