"""What the benchmark of attacks compares: seconds of one call, of each library in turn, on the same model and images.

A program for the oracles' environment (tests/oracles/README.md), where the other libraries and advlab are installed:
`python peers.py '{"standard": FILE, ...}' PART`, the weights of the models and which part of the race (see `main`);
prints one JSON object.
Every contestant gets the trained SimpleCNN itself, all images in one call, no random start, and the same step size;
what it does with them (batches, copies of the model) is its own affair and part of its time.
"""

import copy
import json
import sys
import time
from collections.abc import Callable
from functools import partial
from statistics import median

import numpy as np
import safetensors.torch
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

import advlab.data.torchvision_cpu  # noqa: F401  (adv-lib, imported later, stumbles over a torchvision for another torch)
from advlab.attacks import autoattack, fgsm, pgd
from advlab.attacks.until_broken import pgd_until_broken
from advlab.data import subset
from advlab.evaluation import paired, predict
from advlab.models import SimpleCNN

THREADS, IMAGES, STEPS = 2, 1000, 40
EPSILON = {"standard": 0.1, "robust": 0.3}
#: In which nearly every image of the standard model breaks after a few steps.
LARGE = 0.3
ROUNDS = {"fgsm": 7, "pgd": 3}
AUTOATTACK_IMAGES, ROUNDING_IMAGES = 50, 200
#: On the second model the speed of an exact loop is the same: only those whose work depends on the model, and what they
#: are compared with.
AGAIN = ("plain loop", "advlab", "advlab, fast", "torchattacks", "ART, batches of 32")
MATRIX = 2048

Contestant = Callable[[nn.Module, Tensor, Tensor, float], Tensor]


def plain(model: nn.Module, images: Tensor, labels: Tensor, epsilon: float, *, steps: int, size: float) -> Tensor:
    """The loop that everybody writes first."""
    adversarial = images.clone()
    for _ in range(steps):
        adversarial.requires_grad_()
        (gradient,) = torch.autograd.grad(F.cross_entropy(model(adversarial), labels), adversarial)
        change = (adversarial.detach() + size * gradient.sign() - images).clamp(-epsilon, epsilon)
        adversarial = (images + change).clamp(0, 1)
    return adversarial


def by_torchattacks(model: nn.Module, images: Tensor, labels: Tensor, epsilon: float, *, steps: int) -> Tensor:
    import torchattacks

    if steps == 1:
        return torchattacks.FGSM(model, eps=epsilon)(images, labels)
    return torchattacks.PGD(model, eps=epsilon, alpha=step(epsilon), steps=steps, random_start=False)(images, labels)


def by_foolbox(model: nn.Module, images: Tensor, labels: Tensor, epsilon: float, *, steps: int) -> Tensor:
    import foolbox

    attack = foolbox.attacks.LinfFastGradientAttack(random_start=False)
    if steps > 1:
        attack = foolbox.attacks.LinfPGD(abs_stepsize=step(epsilon), steps=steps, random_start=False)
    return attack(foolbox.PyTorchModel(model, bounds=(0, 1)), images, labels, epsilons=epsilon)[1]


def by_cleverhans(model: nn.Module, images: Tensor, labels: Tensor, epsilon: float, *, steps: int) -> Tensor:
    from cleverhans.torch.attacks.fast_gradient_method import fast_gradient_method
    from cleverhans.torch.attacks.projected_gradient_descent import projected_gradient_descent

    box = {"clip_min": 0.0, "clip_max": 1.0, "y": labels}
    if steps == 1:
        return fast_gradient_method(model, images, epsilon, np.inf, **box).detach()
    options = {"rand_init": False, "sanity_checks": False, **box}
    return projected_gradient_descent(model, images, epsilon, step(epsilon), steps, np.inf, **options).detach()


def by_art(model: nn.Module, images: Tensor, labels: Tensor, epsilon: float, *, steps: int, batch: int) -> Tensor:
    from art.attacks.evasion import FastGradientMethod, ProjectedGradientDescentPyTorch
    from art.estimators.classification import PyTorchClassifier

    wrapped = PyTorchClassifier(
        model, nn.CrossEntropyLoss(), input_shape=(1, 28, 28), nb_classes=10, clip_values=(0, 1), device_type="cpu"
    )
    if steps == 1:
        attack = FastGradientMethod(wrapped, eps=epsilon, batch_size=batch)
    else:
        attack = ProjectedGradientDescentPyTorch(
            wrapped, eps=epsilon, eps_step=step(epsilon), max_iter=steps, batch_size=batch, verbose=False
        )
    return torch.from_numpy(attack.generate(images.numpy(), labels.numpy()))


def by_adv_lib(model: nn.Module, images: Tensor, labels: Tensor, epsilon: float) -> Tensor:
    from adv_lib.attacks import pgd_linf

    options = {"steps": STEPS, "random_init": False, "restarts": 1, "loss_function": "ce"}
    return pgd_linf(model, images, labels, epsilon, absolute_step_size=step(epsilon), **options)


def step(epsilon: float) -> float:
    """The same for all: advlab's default."""
    return 2.5 * epsilon / STEPS


def exact(model: nn.Module, images: Tensor, labels: Tensor, epsilon: float) -> Tensor:
    options = {"generator": torch.Generator(), "random_start": False}
    return pgd(model, images, labels, epsilon, steps=STEPS, **options)


def fast(model: nn.Module, images: Tensor, labels: Tensor, epsilon: float) -> Tensor:
    options = {"generator": torch.Generator(), "random_start": False}
    return pgd_until_broken(model, images, labels, epsilon, steps=STEPS, **options)


def contestants(attack: str) -> dict[str, Contestant]:
    steps = {"fgsm": 1, "pgd": STEPS}[attack]
    peers: dict[str, Contestant] = {
        "torchattacks": partial(by_torchattacks, steps=steps),
        "foolbox": partial(by_foolbox, steps=steps),
        "cleverhans": partial(by_cleverhans, steps=steps),
        "ART, batches of 32": partial(by_art, steps=steps, batch=32),
        "ART, one batch": partial(by_art, steps=steps, batch=IMAGES),
    }
    if attack == "fgsm":
        return {"plain loop": _plain_fgsm, "advlab": fgsm, **peers}
    peers["adv-lib"] = by_adv_lib
    del peers["ART, one batch"]  # as its FGSM: no faster than the plain loop, and minutes of it
    return {"plain loop": _plain_pgd, "advlab": exact, "advlab, fast": fast, **peers}


def _plain_fgsm(model: nn.Module, images: Tensor, labels: Tensor, epsilon: float) -> Tensor:
    return plain(model, images, labels, epsilon, steps=1, size=epsilon)


def _plain_pgd(model: nn.Module, images: Tensor, labels: Tensor, epsilon: float) -> Tensor:
    return plain(model, images, labels, epsilon, steps=STEPS, size=step(epsilon))


def measured(attack: str, name: str, model: nn.Module, epsilon: float) -> dict:
    """Median seconds of each contestant, taken in turn; accuracy, and pixels equal to the plain loop's."""
    test, everybody = subset(IMAGES), name == "standard" and epsilon == EPSILON[name]
    runs = {who: run for who, run in contestants(attack).items() if everybody or who in AGAIN}
    seconds: dict[str, list[float]] = {who: [] for who in runs}
    results = {}
    for _ in range(ROUNDS[attack]):
        for who, run in runs.items():
            started = time.perf_counter()
            results[who] = run(model, test.images, test.labels, epsilon)
            seconds[who].append(time.perf_counter() - started)
            print(f"{attack} on the {name} model, {who}: {seconds[who][-1]:.2f} s", file=sys.stderr, flush=True)
    reference = results["plain loop"]
    right = {who: predict(model, found) == test.labels for who, found in results.items()}
    rows = {
        who: {
            "seconds": median(times),
            "fastest": min(times),
            "slowest": max(times),
            "accuracy": float(right[who].float().mean()),
            "equal_pixels": float(((results[who] - reference).abs() < 1e-6).float().mean()),
            "verdicts_differ": int((right[who] != right["plain loop"]).sum()),
        }
        for who, times in seconds.items()
    }
    peers = {who: row["seconds"] for who, row in rows.items() if not who.startswith(("advlab", "plain"))}
    fastest = min(peers, key=lambda who: peers[who])
    ratios = {
        who: {
            "fastest peer": peers[fastest] / rows[who]["seconds"],
            "torchattacks": peers["torchattacks"] / rows[who]["seconds"],
        }
        for who in rows
        if who.startswith("advlab")
    }
    common = {"images": IMAGES, "epsilon": epsilon, "rounds": ROUNDS[attack], "steps": 1 if attack == "fgsm" else STEPS}
    return {**common, "contestants": rows, "fastest peer": fastest, "ratios": ratios}


def standard_autoattack(name: str, model: nn.Module) -> dict:
    """The reference's standard version and ours, once each: what is left, and how long it took."""
    from autoattack import AutoAttack

    test, epsilon = subset(AUTOATTACK_IMAGES), EPSILON[name]
    started = time.perf_counter()
    reference = AutoAttack(model, norm="Linf", eps=epsilon, version="standard", device="cpu", verbose=False, seed=0)
    theirs = reference.run_standard_evaluation(test.images, test.labels, bs=250)
    between = time.perf_counter()
    ours = autoattack(model, test.images, test.labels, epsilon, generator=torch.Generator().manual_seed(0))
    ended = time.perf_counter()
    first, second = predict(model, theirs) == test.labels, predict(model, ours) == test.labels
    return {
        "images": AUTOATTACK_IMAGES,
        "epsilon": epsilon,
        "reference": {"seconds": between - started, "accuracy": float(first.float().mean())},
        "advlab": {"seconds": ended - between, "accuracy": float(second.float().mean())},
        "ratio": (between - started) / (ended - between),
        "paired": paired(first, second),
    }


def rounding(name: str, model: nn.Module) -> dict:
    """How far float32 itself takes PGD from the pixels of float64: the plain loop, in either layout, and ours."""
    test, epsilon, double = subset(ROUNDING_IMAGES), EPSILON[name], copy.deepcopy(model).double()
    truth = _plain_pgd(double, test.images.double(), test.labels, epsilon)
    last = copy.deepcopy(model).to(memory_format=torch.channels_last)
    found = {
        "plain loop": _plain_pgd(model, test.images, test.labels, epsilon),
        "plain loop, channels last": _plain_pgd(last, test.images, test.labels, epsilon),
        "advlab": exact(model, test.images, test.labels, epsilon),
    }
    right = {who: predict(model, images) == test.labels for who, images in found.items()}
    return {
        "images": ROUNDING_IMAGES,
        "epsilon": epsilon,
        "contestants": {
            who: {
                "equal_to_float64": float(((images - truth).abs() < 1e-6).float().mean()),
                "equal_to_plain": float(((images - found["plain loop"]).abs() < 1e-6).float().mean()),
                "verdicts_differ": int((right[who] != right["plain loop"]).sum()),
            }
            for who, images in found.items()
        },
    }


def peak() -> float:
    """Floating-point operations a second of a large matrix product: what this machine can do."""
    one, other = torch.randn(2, MATRIX, MATRIX)
    times = []
    for _ in range(7):
        started = time.perf_counter()
        one @ other
        times.append(time.perf_counter() - started)
    return 2 * MATRIX**3 / median(times)


def operations(model: nn.Module) -> int:
    """Of one gradient in one image: forward and backward, as torch counts them."""
    image = subset(10).images[:1].requires_grad_() * 1.0  # the counter's hooks cannot cope with a leaf
    with FlopCounterMode(display=False) as counter:
        torch.autograd.grad(model(image).sum(), image)
    return counter.get_total_flops()


def main() -> None:
    torch.set_num_threads(THREADS)
    torch.manual_seed(0)
    models = {}
    for name, file in json.loads(sys.argv[1]).items():
        models[name] = SimpleCNN().eval()
        models[name].load_state_dict(safetensors.torch.load_file(file))
    part, best = sys.argv[2], peak()
    found = {"threads": THREADS, "peak": best}
    for name, model in models.items():
        if part == "pgd":
            found[f"pgd_{name}"] = one = measured("pgd", name, model, EPSILON[name])
            one["share of peak"] = operations(model) * IMAGES * STEPS / one["contestants"]["advlab"]["seconds"] / best
        elif part == "fgsm":
            found[f"fgsm_{name}"] = measured("fgsm", name, model, EPSILON[name])
        elif part == "autoattack":
            found[f"autoattack_{name}"] = standard_autoattack(name, model)
        elif part == "rounding":
            found[f"rounding_{name}"] = rounding(name, model)
        elif name == "standard":
            found["pgd_large"] = measured("pgd", name, model, LARGE)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
