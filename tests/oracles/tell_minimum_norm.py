"""Writes advlab/recorded/minimum_norm.json: what the page tells of torchattacks' bugs, beside our own attacks.

From minimum_norm.json, in advlab's own environment: `python tests/oracles/tell_minimum_norm.py`.
"""

import json
import math
from datetime import UTC, datetime
from pathlib import Path

import torch
from nets import trained  # a script's own folder is on its path
from safetensors.torch import load_file

from advlab.attacks import carlini_wagner, deepfool
from advlab.engine.cache import machine
from advlab.evaluation import distances
from advlab.models.inference import predict

HERE = Path(__file__).parent
RECORDED = HERE.parents[1] / "advlab" / "recorded" / "minimum_norm.json"
ATTACKS = ("deepfool", "carlini_wagner")


def told(sizes, right):
    """Of the images read right: how many were fooled, and the median distance, failures infinitely far."""
    of_right = torch.tensor([math.inf if size is None else size for size in sizes])[right]
    middle = float(of_right.quantile(0.5, interpolation="lower"))
    return {"succeeded": int(of_right.isfinite().sum()), "median": middle if math.isfinite(middle) else None}


def peers(record, right):
    """What the recorded run says of each peer, on the standard network, in L2."""
    names = [f"{peer}/{attack}" for peer in ("torchattacks", "foolbox") for attack in ATTACKS]
    found = {name: told(record["distances"][f"standard/{name}/L2"], right) for name in names}
    return {peer: {attack: found[f"{peer}/{attack}"] for attack in ATTACKS} for peer in ("torchattacks", "foolbox")}


def main() -> None:
    torch.set_num_threads(1)
    record, inputs = json.loads((HERE / "minimum_norm.json").read_text()), load_file(HERE / "digits.safetensors")
    images, labels = inputs["images"][: record["images"]].float() / 255, inputs["labels"][: record["images"]].long()
    model = trained("standard")
    right = predict(model, images) == labels
    ours = {}
    for name, attack in zip(ATTACKS, (deepfool, carlini_wagner), strict=True):
        attacked = attack(model, images, labels)
        sizes = distances(model, images, labels, attacked, "L2").tolist()
        ours[name] = told([size if math.isfinite(size) else None for size in sizes], right)
    content = {
        "command": "python tests/oracles/tell_minimum_norm.py",
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine.describe(),
        "versions": record["versions"],
        "images": record["images"],
        "right": int(right.sum()),
        "advlab": ours,
        **peers(record, right),
    }
    RECORDED.write_text(json.dumps(content, indent=2) + "\n")


if __name__ == "__main__":
    main()
