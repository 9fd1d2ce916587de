"""Benchmarks want a quiet machine. What `make benchmark` finds goes to advlab/recorded/benchmarks.json."""

import json
import os
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pytest

import advlab
from advlab.engine.cache import machine

RECORD = Path(advlab.__file__).parent / "recorded" / "benchmarks.json"


@pytest.fixture(scope="module")
def record():
    """Collects a module's figures by name; written at its end, over those of an earlier run."""
    figures = {}
    busy = os.getloadavg()[0]
    yield figures
    if figures:
        known = json.loads(RECORD.read_text())["figures"] if RECORD.is_file() else {}
        content = {
            "command": "pytest -m benchmark tests/benchmarks",
            "date": datetime.now(UTC).date().isoformat(),
            "machine": machine.describe(),
            "load_before": busy,  # processes that wanted a core when the benchmarks began: near 0 if quiet
            "versions": {name: version(name) for name in ("advlab", "torch", "torchvision", "numpy")},
            "figures": {**known, **figures},
        }
        RECORD.parent.mkdir(exist_ok=True)
        RECORD.write_text(json.dumps(content, indent=2) + "\n")
