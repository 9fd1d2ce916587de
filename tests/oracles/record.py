"""Records what torchattacks and foolbox make of the fixtures' images by FGSM. See README.md for the command.

Runs in an environment of its own (requirements.txt). Writes fgsm.safetensors and fgsm.json beside this file.
"""

import hashlib
import json
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import torch
from nets import DTYPES, EPSILONS, NETS, checksum  # a script's own folder is on its path
from safetensors.torch import load_file, save_file

HERE = Path(__file__).parent
PEERS = ("torchattacks", "foolbox")


def cure_torchvision() -> torch.library.Library:
    """torchvision's CUDA wheel beside a CPU torch: declare the operators that it stumbles over."""
    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    return library


def by_torchattacks(model, images, labels, epsilon):
    import torchattacks

    return torchattacks.FGSM(model, eps=epsilon)(images, labels)


def by_foolbox(model, images, labels, epsilon):
    import foolbox

    wrapped = foolbox.PyTorchModel(model, bounds=(0, 1))
    attack = foolbox.attacks.LinfFastGradientAttack(random_start=False)
    return attack(wrapped, images, labels, epsilons=epsilon)[1]


def main() -> None:
    _library = cure_torchvision()
    torch.set_num_threads(1)
    inputs = load_file(HERE / "images.safetensors")
    images, labels = inputs["images"].float() / 255, inputs["labels"].long()
    outputs = {}
    for net, build in NETS.items():
        for kind, dtype in DTYPES.items():
            for epsilon in EPSILONS:
                made = [
                    attack(build().to(dtype), images.to(dtype), labels, epsilon).detach()
                    for attack in (by_torchattacks, by_foolbox)
                ]
                for peer, adversarial in zip(PEERS, made, strict=True):
                    outputs[f"{peer}/{net}/{kind}/{epsilon}"] = adversarial.contiguous()
    # Where the two peers agree to the last bit, one copy stands for both.
    kept, same = {}, {}
    for name, adversarial in outputs.items():
        twin = name.replace("foolbox/", "torchattacks/")
        if twin != name and torch.equal(adversarial, kept[twin]):
            same[name] = twin
        else:
            kept[name] = adversarial
    save_file(kept, HERE / "fgsm.safetensors")
    record = {
        "made": datetime.now(UTC).date().isoformat(),
        "command": "python tests/oracles/record.py",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("torch", *PEERS, "eagerpy", "safetensors")},
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "weights": {net: checksum(build()) for net, build in NETS.items()},
        "outputs": hashlib.sha256((HERE / "fgsm.safetensors").read_bytes()).hexdigest(),
        "equal": same,
    }
    (HERE / "fgsm.json").write_text(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
