"""Scheduling: what waits for what, and tasks that wait for each other, which would wait for ever."""

from graphlib import CycleError
from pathlib import Path

import pytest

from advlab.engine.build.workers import Job, Task, Workers
from advlab.engine.cache.computation import Computation
from advlab.engine.cache.profile import DRAFT
from advlab.engine.cache.source import Reached
from advlab.engine.cache.store import Store


def never(job: Job) -> None:
    raise AssertionError(f"{job.name} was begun")


def task(name: str, *after: str) -> Task:
    one = Computation("measurement", name, never)
    vars(one).update(reached=Reached(""), key=name)
    return Task(one, frozenset(after))


@pytest.mark.parametrize(
    "tasks",
    [
        [task("one", "one")],
        [task("one", "two"), task("two", "one")],
        [task("free"), task("one", "three"), task("two", "one"), task("three", "two")],
    ],
)
def test_a_circle_is_refused_before_anything_is_begun(tmp_path: Path, tasks: list[Task]) -> None:
    with Workers(never, "toybook.edition", DRAFT, 2, True, Store(tmp_path)) as workers, pytest.raises(CycleError):
        workers.run(tasks)
