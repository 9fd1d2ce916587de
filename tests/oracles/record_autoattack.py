"""Records which images the reference implementation of AutoAttack breaks, on the two trained networks of `nets.py`.

Runs in an environment of its own, with fra31/auto-attack installed beside it (README.md). Half an hour on one thread.
Writes autoattack.json: for each network, norm, epsilon and attack, which images of digits.safetensors withstood.
"""

import json
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import torch
from autoattack import AutoAttack
from autoattack.autopgd_base import APGDAttack, APGDAttack_targeted
from autoattack.square import SquareAttack
from nets import checksum, trained  # a script's own folder is on its path
from safetensors.torch import load_file

HERE = Path(__file__).parent
#: The commit of fra31/auto-attack that was installed.
COMMIT = "a39220048b3c9f2cca9a4d3a54604793c68eca7e"
BALLS = (("Linf", 0.1), ("Linf", 0.3), ("L2", 1.5))
SQUARE_QUERIES = 1000
SEED = 0


def verdicts(model, images, labels, attacked):
    """ "1" for each image still classified as labelled, "0" for each other."""
    with torch.no_grad():
        right = model(attacked).argmax(1) == labels
    return "".join(str(int(one)) for one in right)


def attacks(model, norm, epsilon):
    """Name -> something that takes images and labels."""
    shared = {"norm": norm, "eps": epsilon, "seed": SEED, "device": "cpu"}
    made = {
        "APGD-CE": APGDAttack(model, n_iter=100, loss="ce", **shared).perturb,
        "APGD-T": APGDAttack_targeted(model, n_iter=100, n_target_classes=9, **shared).perturb,
        "Square": SquareAttack(model, n_queries=SQUARE_QUERIES, p_init=0.8, resc_schedule=True, **shared).perturb,
    }
    if norm == "Linf":
        standard = AutoAttack(model, version="standard", verbose=False, **shared)
        made["AutoAttack"] = standard.run_standard_evaluation
    return made


def main() -> None:
    torch.set_num_threads(1)
    inputs = load_file(HERE / "digits.safetensors")
    images, labels = inputs["images"].float() / 255, inputs["labels"].long()
    survived = {}
    for kind in ("standard", "robust"):
        model = trained(kind)
        survived[f"{kind}/clean"] = verdicts(model, images, labels, images)
        for norm, epsilon in BALLS:
            for name, attack in attacks(model, norm, epsilon).items():
                key = f"{kind}/{norm}/{epsilon}/{name}"
                survived[key] = verdicts(model, images, labels, attack(images, labels))
                print(key, survived[key].count("1"), "of", len(labels), flush=True)
    record = {
        "made": datetime.now(UTC).date().isoformat(),
        "command": "python tests/oracles/record_autoattack.py",
        "python": platform.python_version(),
        "versions": {"torch": version("torch"), "fra31/auto-attack": COMMIT},
        "weights": {kind: checksum(trained(kind)) for kind in ("standard", "robust")},
        "square_queries": SQUARE_QUERIES,
        "withstood": survived,
    }
    (HERE / "autoattack.json").write_text(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
