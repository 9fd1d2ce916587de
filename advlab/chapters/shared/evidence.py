"""The evidence of a measurement that readers may download: each verdict, image by image."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from advlab.evaluation import Proportion


def reported(index: Tensor, labels: Tensor, right: dict[str, Tensor]) -> dict[str, Any]:
    """Accuracies with intervals by name, and each verdict as evidence."""
    found: dict[str, Any] = {name: Proportion(int(of.sum()), len(of)).to_json() for name, of in right.items()}
    rows = torch.stack([index, labels, *(of.long() for of in right.values())], dim=1).tolist()
    return found | {"evidence": {"columns": ["index", "label", *(f"right: {name}" for name in right)], "images": rows}}
