"""Shapes and dtypes of every annotation in advlab are checked while the tests run; small models for all of them."""

import os
import pkgutil
from importlib.util import find_spec

import pytest
import torch
from hypothesis import HealthCheck, settings
from jaxtyping import install_import_hook
from xdist.scheduler import LoadFileScheduling

# Before the modules are imported: the hook works on them as they are loaded. The networks are left out: torch.fx
# traces their `forward` with stand-ins that have no shape.
FOLDER = find_spec("advlab").submodule_search_locations
MODULES = [f"advlab.{module.name}" for module in pkgutil.iter_modules(FOLDER) if module.name != "models"]
CHECKED = [*MODULES, "advlab.models.inference", "advlab.models.rewriting"]
# The tower: an int may stand for a float, as Python's type checkers have it.
install_import_hook(CHECKED, "beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))")

torch.set_num_threads(1)
# Others may slow the machine down: how long an example takes to draw or to run says nothing about it.
UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
# The same examples in every run, so that what a newcomer sees is what we saw. New ones: `make explore`.
settings.register_profile("same", UNTIMED, derandomize=True, database=None)
settings.register_profile("explore", UNTIMED, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


#: Files whose tests may run in several processes at once; elsewhere, a file's tests share what one process prepared.
SPREAD = ("tests/engine/cache/test_traced.py", "tests/site/test_visits.py")


class FilesAndParts(LoadFileScheduling):
    """`--dist loadfile`, and a spread file in parts: "[fgsm:curve]" and "[fgsm:noise]" belong to one of them."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        part = nodeid.partition("[")[2].rstrip("]").partition(":")[0]
        return f"{file}[{part}]" if file in SPREAD else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return FilesAndParts(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Each test draws the same from torch's own generator, whichever tests ran before it in its process."""
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory):
    """A temporary folder of this run of the tests: the same one in all its processes."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def digits():
    """A few real test images of every class."""
    from advlab.data import subset

    return subset(120)


@pytest.fixture
def network():
    """SimpleCNN with random weights, always the same."""
    from advlab.models import SimpleCNN

    with torch.random.fork_rng():
        torch.manual_seed(0)
        return SimpleCNN()


@pytest.fixture(scope="session")
def trained():
    """SimpleCNN after seconds of training: right about nine digits in ten. Not to be changed."""
    from advlab.training import Recipe, train

    return train(Recipe(epochs=2, batch_size=64, train_images=2000, test_images=100), seed=0).model
