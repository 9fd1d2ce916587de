import json
import os
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest

from advlab import zoo

ORACLES = Path(os.environ.get("ADVLAB_ORACLES") or Path(__file__).parents[1] / "oracles" / ".venv")
PEERS = Path(__file__).with_name("peers.py")
#: Each is a process of its own: see there.
PARTS = ("pgd", "fgsm", "autoattack", "large ball", "rounding")
#: Names of the distributions whose versions the record holds.
DISTRIBUTIONS = (
    "torch",
    "torchattacks",
    "foolbox",
    "adversarial-robustness-toolbox",
    "cleverhans",
    "adv-lib",
    "autoattack",
)


@pytest.mark.benchmark
@pytest.mark.parametrize("part", PARTS)
def test_attacks_beside_other_libraries(record, part):
    """Each library in turn on the same model, in one process of the oracles' environment (`make oracles`)."""
    busy = os.getloadavg()[0]
    python = ORACLES / "bin" / "python"
    if not python.is_file():
        pytest.fail(f"no environment with the other libraries at {ORACLES}: `make oracles` makes it")
    weights = {
        name: str(zoo.training(recipe).get().path / "model.safetensors")
        for name, recipe in (("standard", zoo.STANDARD), ("robust", zoo.ROBUST))
    }
    command = [str(python), str(PEERS), json.dumps(weights), part]
    # Its progress and its errors go to the terminal (pytest -s).
    found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()[-1])
    said = subprocess.run(
        [str(python), "-m", "pip", "list", "--format", "json"], check=True, capture_output=True, text=True
    )
    installed = {one["name"]: one["version"] for one in json.loads(said.stdout) if one["name"] in DISTRIBUTIONS}
    record[f"attacks, {part}"] = {**found, "load_before": busy, "versions": {**installed, "advlab": version("advlab")}}
