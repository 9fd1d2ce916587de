"""Files of arrays, .npz or .safetensors, and the metadata in them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import torch
from torch import Tensor

from advlab.verify.loading import UsageError

#: Key of the metadata in a .safetensors file, and names of the metadata in a .npz file.
METADATA, TOLD = "advlab", ("epsilon", "norm", "model")


def load_arrays(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """All arrays of a file by name, and its metadata: epsilon, norm and model, if it names them. No pickle is read.

    Args:
        path: a file ending in .safetensors, or a .npz file.

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
