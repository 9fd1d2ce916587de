"""Records how far other libraries' attacks of minimum norm move the digits, on the two trained networks of `nets.py`.

Runs in an environment of its own, with fra31/auto-attack installed beside it (README.md). Minutes on one thread.
Writes minimum_norm.json: for each network, peer, attack and norm the distance of each image, null where it failed.
"""

import json
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import torch
from nets import checksum, trained  # a script's own folder is on its path
from record import cure_torchvision
from safetensors.torch import load_file

HERE = Path(__file__).parent
#: The commit of fra31/auto-attack that was installed.
COMMIT = "a39220048b3c9f2cca9a4d3a54604793c68eca7e"
#: The first of digits.safetensors.
IMAGES = 100
#: Of C&W, for each of nine values of c.
CW_STEPS = 1000
FAB_STEPS = 100


def by_foolbox(model, images, labels):
    import foolbox

    attacks = {
        "foolbox/deepfool/L2": foolbox.attacks.L2DeepFoolAttack(steps=50),
        "foolbox/deepfool/Linf": foolbox.attacks.LinfDeepFoolAttack(steps=50),
        "foolbox/carlini_wagner/L2": foolbox.attacks.L2CarliniWagnerAttack(binary_search_steps=9, steps=CW_STEPS),
    }
    wrapped = foolbox.PyTorchModel(model, bounds=(0, 1))
    return {name: attack(wrapped, images, labels, epsilons=None)[1] for name, attack in attacks.items()}


def by_torchattacks(model, images, labels):
    import torchattacks

    attacks = {
        "torchattacks/deepfool/L2": torchattacks.DeepFool(model, steps=50, overshoot=0.02),
        "torchattacks/carlini_wagner/L2": torchattacks.CW(model, c=1, kappa=0, steps=CW_STEPS, lr=0.01),
    }
    return {name: attack(images, labels) for name, attack in attacks.items()}


def by_reference(model, images, labels):
    """FAB towards the likeliest wrong class ("fab_targeted"), as AutoAttack calls it, and towards any ("fab")."""
    from autoattack.fab_pt import FABAttack_PT

    made = {}
    for norm in ("Linf", "L2"):
        attack = FABAttack_PT(model, norm=norm, n_iter=FAB_STEPS, device="cpu")
        attack.target_class = 2  # the second largest logit
        made[f"auto-attack/fab_targeted/{norm}"] = attack.attack_single_run(images, labels, is_targeted=True)
        made[f"auto-attack/fab/{norm}"] = attack.attack_single_run(images, labels)
    return made


def sizes(model, images, labels, attacked, norm):
    """Distances to the images in [0, 1]; None where still classified right."""
    change = (attacked.detach() - images).flatten(1)
    with torch.no_grad():
        right = model(attacked).argmax(1) == labels
    lengths = change.abs().amax(1) if norm == "Linf" else change.norm(dim=1)
    return [None if failed else round(size, 6) for size, failed in zip(lengths.tolist(), right.tolist(), strict=True)]


def main() -> None:
    _library = cure_torchvision()
    torch.set_num_threads(1)
    inputs = load_file(HERE / "digits.safetensors")
    images, labels = inputs["images"][:IMAGES].float() / 255, inputs["labels"][:IMAGES].long()
    distances = {}
    for kind in ("standard", "robust"):
        model = trained(kind)
        for peer in (by_foolbox, by_torchattacks, by_reference):
            for name, attacked in peer(model, images, labels).items():
                distances[f"{kind}/{name}"] = sizes(model, images, labels, attacked, name.rpartition("/")[2])
                print(kind, name, distances[f"{kind}/{name}"].count(None), "failed", flush=True)
    record = {
        "made": datetime.now(UTC).date().isoformat(),
        "command": "python tests/oracles/record_minimum_norm.py",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("torch", "foolbox", "torchattacks")}
        | {"fra31/auto-attack": COMMIT},
        "weights": {kind: checksum(trained(kind)) for kind in ("standard", "robust")},
        "images": IMAGES,
        "carlini_wagner_steps": CW_STEPS,
        "fab_steps": FAB_STEPS,
        "distances": distances,
    }
    (HERE / "minimum_norm.json").write_text(json.dumps(record, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
