"""The plan of this book: every training can be told from the others by its name."""

import functools

from advlab.edition import EDITION
from advlab.engine.build.plan import Plan
from advlab.engine.cache.kinds import KINDS
from advlab.engine.cache.profile import STANDARD
from advlab.zoo import NAMED


@functools.cache
def plan() -> Plan:
    return Plan.of(EDITION, STANDARD)


def test_a_training_is_called_after_the_model_of_the_zoo() -> None:
    names = [task.computation.name for task in plan().tasks() if task.computation.kind == "model"]
    assert len(set(names)) == len(names) > 10
    assert {f"{name}/0" for name in NAMED} <= {*names, "smoothed/0"}


def test_every_computation_is_of_a_kind_that_has_words() -> None:
    assert {task.computation.kind for task in plan().tasks()} < set(KINDS)
    assert {kind for kind, _ in plan().derived} - set(KINDS) == {"table", "claim", "fragment"}


def test_a_worker_finds_each_computation_again_by_kind_name_and_key() -> None:
    tasks = plan().tasks()
    for task in (tasks[0], tasks[len(tasks) // 2], tasks[-1]):
        one = task.computation
        found = plan().find(one.kind, one.name, one.key)
        assert found is not None
        assert found.key == one.key
        assert plan().find(one.kind, one.name, "another") is None
