"""What really ran, and was read, lies within what was hashed: every training, measurement and drawing, made small.

The outputs of programs and the notebook are traced where the programs run anyway (tests/blocks.py). A table, a claim or
a fragment has no key: it is made anew whenever the site is built.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from advlab.edition import EDITION
from advlab.engine.build.drawing import drawing
from advlab.engine.build.plan import definitions, is_picture
from advlab.engine.cache.computation import Computation, target
from advlab.engine.cache.profile import Profile
from advlab.engine.chapter import Derived, Measurement
from tests.tracing import escaped, traced

TINY = Profile("tiny", train_images=400, test_images=60, slow_images=60, seeds=2)
EVERYTHING = list(definitions(EDITION))
MEASUREMENTS = [one for one in EVERYTHING if isinstance(one, Measurement)]
DRAWINGS = [one for one in EVERYTHING if isinstance(one, Derived) and is_picture(one)]


@pytest.fixture(autouse=True, scope="module")
def _own_store(shared_folder: Path) -> Iterator[None]:
    """All that is made is kept for what needs it, also for other processes that run parts of these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ADVLAB_STORE", str(shared_folder / "traced"))
        patch.setenv("ADVLAB_PROFILE", "draft")
        yield


def made(computation: Computation) -> None:
    """Make it and keep it, unless it is kept already: whoever makes it sees what runs."""
    assert escaped(computation, computation.get) == set(), computation.name


def test_the_tracer_sees_and_an_omission_is_found() -> None:
    """The check itself: without a definition in the hash, what ran does not lie within it."""
    measured = MEASUREMENTS[0]
    for needed in measured.trainings(TINY):
        made(needed)
    computation, place = measured.computation(TINY), target(measured.function)
    ran, _ = traced(computation.make)
    assert place in ran
    assert len(ran) > 3
    del computation.reached.definitions[place]
    assert escaped(computation) == {place}


def test_a_data_file_that_is_read_and_not_hashed_is_found() -> None:
    measured = next(one for one in MEASUREMENTS if one.name == "tools:listed")
    computation = measured.computation(TINY)
    assert [Path(name).name for name in computation.reached.files] == ["tools.yml"]
    computation.reached.files.clear()
    assert [Path(name).name for name in escaped(computation)] == ["tools.yml"]


@pytest.mark.parametrize("measured", MEASUREMENTS, ids=lambda one: one.name)
def test_trainings_and_measurements_ran_within_their_keys(measured: Measurement) -> None:
    for needed in measured.trainings(TINY):
        made(needed)
    made(measured.computation(TINY))


@pytest.mark.parametrize("drawn", DRAWINGS, ids=lambda one: one.name)
def test_drawings_ran_within_their_keys(drawn: Derived) -> None:
    made(drawing(EDITION, drawn, TINY))
