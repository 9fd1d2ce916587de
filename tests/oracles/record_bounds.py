"""Records auto_LiRPA's interval bounds and CROWN-IBP margins of the networks of `nets.py`, in float64.

Runs with a clone of Verified-Intelligence/auto_LiRPA on PYTHONPATH (README.md); without one it leaves the record alone.
Seconds on one thread. Writes bounds.safetensors (network/epsilon/what) and bounds.json.
"""

import json
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

import torch
from nets import checksum, simple_cnn, trained  # a script's own folder is on its path
from safetensors.torch import load_file, save_file
from torch import nn

HERE = Path(__file__).parent
#: The commit of the clone.
COMMIT = "a050a3d61f4cb68b108fa7f07dcb3e4d7ef304df"
#: The first of images.safetensors.
IMAGES = 8
EPSILONS = (0.01, 0.1, 0.3)


class Pixels(nn.Module):
    """Of `nets.py`, with two plain numbers: constants of the graph that auto_LiRPA traces."""

    def __init__(self, pixels):
        super().__init__()
        self.mean, self.std = pixels.mean.item(), pixels.std.item()

    def forward(self, images):
        return (images - self.mean) / self.std


def main():
    try:
        from auto_LiRPA import BoundedModule, BoundedTensor
        from auto_LiRPA.perturbations import PerturbationLpNorm
    except ImportError as missing:
        print(f"bounds are not recorded anew: {missing}")
        sys.exit(0)
    stored = load_file(HERE / "images.safetensors")
    images, labels = stored["images"][:IMAGES].double() / 255, stored["labels"][:IMAGES].long()
    networks = {"simple_cnn": simple_cnn(), "standard": trained("standard"), "robust": trained("robust")}
    found = {}
    for name, network in networks.items():
        pixels, *layers = network.double().eval()
        kept = [layer for layer in layers if not isinstance(layer, nn.Dropout)]  # it takes no dropout in evaluation
        bounded = BoundedModule(nn.Sequential(Pixels(pixels), *kept).eval(), images)
        eye = torch.eye(10, dtype=images.dtype)
        leads = eye[labels][:, None] - eye
        for epsilon in EPSILONS:
            low, high = (images - epsilon).clamp(0, 1), (images + epsilon).clamp(0, 1)
            ball = BoundedTensor(images, PerturbationLpNorm(norm=float("inf"), x_L=low, x_U=high))
            lower, upper = bounded.compute_bounds(x=(ball,), method="IBP")
            made = {"lower": lower, "upper": upper}
            for method in ("IBP", "CROWN-IBP") if name != "simple_cnn" else ("IBP",):
                made[method] = bounded.compute_bounds(x=(ball,), C=leads, method=method, bound_upper=False)[0]
            found |= {f"{name}/{epsilon}/{what}": of.detach().contiguous() for what, of in made.items()}
    save_file(found, HERE / "bounds.safetensors")
    record = {
        "recorded": datetime.now(UTC).date().isoformat(),
        "auto_LiRPA": COMMIT,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "images": IMAGES,
        "epsilons": EPSILONS,
        "weights": {name: checksum(network.float()) for name, network in networks.items()},
    }
    (HERE / "bounds.json").write_text(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
