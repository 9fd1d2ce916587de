"""Files of arrays, .npz or .safetensors, and what they say of themselves."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import torch
from torch import Tensor

from advlab.verify.loading import UsageError

#: Where a .safetensors file says it, and the names that a .npz file has for it.
METADATA, TOLD = "advlab", ("epsilon", "norm", "model")


def load_arrays(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """All arrays of a file by their names, and the epsilon, norm and model that it names, if any. No pickle is read.

    Raises:
        UsageError: there is no such file, or it cannot be read.
    """
    if not path.is_file():
        raise UsageError(f"there is no file {path}")
    try:
        if path.suffix == ".safetensors":
            with safetensors.safe_open(path, framework="pt") as file:
                about = json.loads((file.metadata() or {}).get(METADATA, "{}"))
                return {name: file.get_tensor(name) for name in file.keys()}, about  # noqa: SIM118 (no mapping)
        with np.load(path, allow_pickle=False) as file:
            plain = {name: file[name] for name in file.files}
        about = {name: plain.pop(name).item() for name in TOLD if name in plain}
        return {name: torch.from_numpy(array) for name, array in plain.items()}, about
    except Exception as error:  # each reader has exceptions of its own for a broken file
        raise UsageError(f"{path} cannot be read: {error}") from error
