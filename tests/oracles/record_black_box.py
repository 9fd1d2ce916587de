"""Records the distances that foolbox's HopSkipJump reaches on the trained fixtures, and the queries that it takes.

Runs in an environment of its own (requirements.txt). Writes black_box.json beside this file; README.md tells more.
"""

import json
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import foolbox
import torch
from nets import checksum, trained  # a script's own folder is on its path
from safetensors.torch import load_file
from torch import nn

HERE = Path(__file__).parent
IMAGES = 30
STEPS = (6,)
SEED = 0


class Counting(nn.Module):
    """Tallies the images that it is asked about."""

    def __init__(self, model):
        super().__init__()
        self.model = model
        self.asked = 0

    def forward(self, images):
        self.asked += len(images)
        return self.model(images)


def starts(model, images, labels):
    """Uniform noise, blended with the image where noise alone is read as its label; None is left without one."""
    found = images.clone()
    searching = torch.arange(len(images))
    for share in (1.0, 0.8, 0.6, 0.5, 0.4, 0.3) * 200:
        trial = images[searching].lerp(torch.rand(images[searching].shape), share)
        fooled = model(trial).argmax(1) != labels[searching]
        found[searching[fooled]] = trial[fooled]
        searching = searching[~fooled]
        if not len(searching):
            return found
    raise RuntimeError(f"no start for images {searching.tolist()}")


def main() -> None:
    torch.set_num_threads(1)
    inputs = load_file(HERE / "digits.safetensors")
    images = inputs["images"][:IMAGES].float().reshape(-1, 1, 28, 28) / 255
    record = {
        "made": datetime.now(UTC).date().isoformat(),
        "command": "python tests/oracles/record_black_box.py",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("torch", "foolbox", "eagerpy")},
        "weights": {},
        "images": IMAGES,
        "runs": {},
    }
    for kind in ("standard", "robust"):
        model = trained(kind)
        record["weights"][kind] = checksum(model)
        labels = model(images).argmax(1)  # every image counts as classified right
        for norm, constraint in (("L2", "l2"), ("Linf", "linf")):
            for steps in STEPS:
                torch.manual_seed(SEED)
                begun = starts(model, images, labels)
                counting = Counting(model)
                attack = foolbox.attacks.HopSkipJumpAttack(steps=steps, constraint=constraint)
                wrapped = foolbox.PyTorchModel(counting.eval(), bounds=(0, 1))
                with torch.no_grad():
                    found = attack.run(
                        wrapped, images, foolbox.criteria.Misclassification(labels), starting_points=begun
                    )
                change = (found - images).flatten(1)
                distances = change.norm(dim=1) if norm == "L2" else change.abs().amax(1)
                record["runs"][f"{kind}/{norm}/{steps}"] = {
                    "queries an image": counting.asked / len(images),
                    "fooled": int((model(found).argmax(1) != labels).sum()),
                    "median": float(distances.median()),
                    "distances": [round(float(distance), 5) for distance in distances],
                }
    (HERE / "black_box.json").write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
