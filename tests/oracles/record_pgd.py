"""Records PGD, MI-FGSM and the L2 fast gradient method of other libraries. See README.md for the command.

Runs in an environment of its own (requirements.txt). Writes pgd.safetensors and pgd.json beside this file.
"""

import gzip
import hashlib
import json
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from nets import DTYPES, NETS, checksum, trained  # a script's own folder is on its path
from record import cure_torchvision
from safetensors.torch import load_file, save_file

HERE = Path(__file__).parent
MNIST = HERE.parents[1] / "advlab" / "data" / "files" / "MNIST" / "raw"
IMAGES = 8  # the first of images.safetensors
STEPS = 40
#: Every twentieth test image: 500 of them.
STRIDE = 20
SEEDS = (0, 1, 2)
#: Network, epsilon: where random starts are compared.
RANDOM = (("standard", 0.1), ("robust", 0.3))


def pgd_by_torchattacks(model, images, labels, norm, epsilon, step, random_start=False):
    import torchattacks

    options = {"eps": epsilon, "alpha": step, "steps": STEPS, "random_start": random_start}
    return (torchattacks.PGD if norm == "Linf" else torchattacks.PGDL2)(model, **options)(images, labels)


def pgd_by_foolbox(model, images, labels, norm, epsilon, step, random_start=False):
    import foolbox

    kind = foolbox.attacks.LinfPGD if norm == "Linf" else foolbox.attacks.L2PGD
    attack = kind(abs_stepsize=step, steps=STEPS, random_start=random_start)
    return attack(foolbox.PyTorchModel(model, bounds=(0, 1)), images, labels, epsilons=epsilon)[1]


def pgd_by_cleverhans(model, images, labels, norm, epsilon, step):
    from cleverhans.torch.attacks.projected_gradient_descent import projected_gradient_descent

    order = np.inf if norm == "Linf" else 2
    options = {"clip_min": 0.0, "clip_max": 1.0, "y": labels, "rand_init": False, "sanity_checks": False}
    return projected_gradient_descent(model, images, epsilon, step, STEPS, order, **options)


def pgd_by_art(model, images, labels, norm, epsilon, step):
    from art.attacks.evasion import ProjectedGradientDescentPyTorch
    from art.estimators.classification import PyTorchClassifier

    shape = tuple(images.shape[1:])
    loss = torch.nn.CrossEntropyLoss()
    wrapped = PyTorchClassifier(model, loss, shape, nb_classes=10, clip_values=(0, 1), device_type="cpu")
    order = np.inf if norm == "Linf" else 2
    attack = ProjectedGradientDescentPyTorch(
        wrapped, norm=order, eps=epsilon, eps_step=step, max_iter=STEPS, num_random_init=0, verbose=False
    )
    return torch.from_numpy(attack.generate(images.numpy(), labels.numpy()))


def momentum_by_torchattacks(model, images, labels, norm, epsilon, step):
    import torchattacks

    return torchattacks.MIFGSM(model, eps=epsilon, alpha=step, steps=STEPS, decay=1.0)(images, labels)


def gradient_by_foolbox(model, images, labels, norm, epsilon, step):
    import foolbox

    attack = foolbox.attacks.L2FastGradientAttack(random_start=False)
    return attack(foolbox.PyTorchModel(model, bounds=(0, 1)), images, labels, epsilons=epsilon)[1]


def gradient_by_cleverhans(model, images, labels, norm, epsilon, step):
    from cleverhans.torch.attacks.fast_gradient_method import fast_gradient_method

    return fast_gradient_method(model, images, epsilon, 2, clip_min=0.0, clip_max=1.0, y=labels, sanity_checks=False)


PGD = {
    "torchattacks": pgd_by_torchattacks,
    "foolbox": pgd_by_foolbox,
    "cleverhans": pgd_by_cleverhans,
    "art": pgd_by_art,
}
#: In L2 cleverhans and ART clip to [0, 1] before they project as well: another algorithm, up to .008 a pixel apart.
PGD_L2 = {"torchattacks": pgd_by_torchattacks, "foolbox": pgd_by_foolbox}
#: foolbox's MIFGSM sums the gradients as they are, not divided by their L1 norms: another algorithm.
MOMENTUM = {"torchattacks": momentum_by_torchattacks}
GRADIENT = {"foolbox": gradient_by_foolbox, "cleverhans": gradient_by_cleverhans}
#: Attack, peers, network, norm, epsilon, step: PGD's steps are 2.5 * epsilon / 40 long, MI-FGSM's epsilon / 40.
CASES = (
    *(("pgd", PGD, net, "Linf", epsilon, 2.5 * epsilon / STEPS) for net in NETS for epsilon in (0.1, 0.3)),
    *(("pgd", PGD_L2, net, "L2", 1.5, 2.5 * 1.5 / STEPS) for net in NETS),
    *(("momentum", MOMENTUM, net, "Linf", 0.3, 0.3 / STEPS) for net in NETS),
    *(("fast_gradient", GRADIENT, net, "L2", 1.5, 1.5) for net in NETS),
)


def every_twentieth():
    with gzip.open(MNIST / "t10k-images-idx3-ubyte.gz") as file:
        pixels = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 1, 28, 28)[::STRIDE]
    with gzip.open(MNIST / "t10k-labels-idx1-ubyte.gz") as file:
        labels = np.frombuffer(file.read(), np.uint8, offset=8)[::STRIDE]
    return torch.from_numpy(pixels.copy()).float() / 255, torch.from_numpy(labels.copy()).long()


def deterministic(images, labels):
    """The first peer's images for each case, and how far any other peer's lie from them."""
    kept, apart = {}, {}
    for name, peers, net, norm, epsilon, step in CASES:
        for kind, dtype in DTYPES.items():
            case = f"{name}/{net}/{norm}/{epsilon}/{kind}"
            for peer, attacked in peers.items():
                if peer in ("cleverhans", "art") and kind == "float64":
                    continue  # they turn every image into float32
                made = attacked(NETS[net]().to(dtype), images.to(dtype), labels, norm, epsilon, step).detach()
                assert made.dtype == dtype, peer
                kept.setdefault(case, made.contiguous())
                apart[f"{case}/{peer}"] = float((made - kept[case]).abs().max())
                print(case, peer, apart[f"{case}/{peer}"], flush=True)
    # Rounded to float32, 6e-8 at most: half the size. In float32 the peers' differences are enough.
    return {case: made.float() for case, made in kept.items() if case.endswith("float64")}, apart


def random_starts():
    """How many of 500 images stay right under PGD-40 from random starts, by peer and seed."""
    images, labels = every_twentieth()
    right = {}
    for net, epsilon in RANDOM:
        model = trained(net)
        for peer in ("torchattacks", "foolbox"):
            counts = []
            for seed in SEEDS:
                torch.manual_seed(seed)
                options = {"norm": "Linf", "epsilon": epsilon, "step": 2.5 * epsilon / STEPS, "random_start": True}
                made = PGD[peer](model, images, labels, **options)
                counts.append(int((model(made).argmax(1) == labels).sum()))
            right[f"{net}/{epsilon}/{peer}"] = counts
            print(net, epsilon, peer, counts, flush=True)
    return right


def main() -> None:
    _library = cure_torchvision()
    torch.set_num_threads(1)
    inputs = load_file(HERE / "images.safetensors")
    images, labels = inputs["images"][:IMAGES].float() / 255, inputs["labels"][:IMAGES].long()
    kept, apart = deterministic(images, labels)
    save_file(kept, HERE / "pgd.safetensors")
    packages = ("torch", "torchattacks", "foolbox", "cleverhans", "adversarial-robustness-toolbox", "safetensors")
    record = {
        "made": datetime.now(UTC).date().isoformat(),
        "command": "python tests/oracles/record_pgd.py",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in packages},
        "weights": {net: checksum(build()) for net, build in NETS.items()},
        "trained": {net: checksum(trained(net)) for net, _ in RANDOM},
        "outputs": hashlib.sha256((HERE / "pgd.safetensors").read_bytes()).hexdigest(),
        "largest difference from the first peer": apart,
        "right of 500": random_starts(),
    }
    (HERE / "pgd.json").write_text(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
