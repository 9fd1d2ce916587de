"""Trains the two small networks of trained.safetensors: one plain, one on PGD's examples at epsilon .3.

Run once, in advlab's own environment: `python tests/oracles/train_nets.py`. Six minutes on one thread. Tests load the
weights that were stored then; another machine would train slightly different ones. Also writes digits.safetensors, the
images on which oracles attack these networks, for environments without advlab.
"""

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import torch
import torch.nn.functional as F
from nets import checksum, strided_cnn, trained  # a script's own folder is on its path
from safetensors.torch import save_file
from torch import Tensor, nn

from advlab import data

HERE = Path(__file__).parent
BATCH = 128
#: Epochs, radius, PGD's steps in training.
RECIPES = {"standard": (3, 0.0, 0), "robust": (9, 0.3, 7)}
#: The radius grows over this share of the training: at full size from the start a net this small learns nothing.
RAMP = 0.5


def pgd(model: nn.Module, images: Tensor, labels: Tensor, epsilon: float, steps: int) -> Tensor:
    """Projected gradient descent from a random start, in L-infinity."""
    low, high = (images - epsilon).clamp(0, 1), (images + epsilon).clamp(0, 1)
    adversarial = torch.lerp(low, high, torch.rand_like(images))
    for _ in range(steps):
        adversarial.requires_grad_()
        loss = F.cross_entropy(model(adversarial), labels, reduction="sum")
        (gradient,) = torch.autograd.grad(loss, adversarial)
        adversarial = adversarial.detach() + 2.5 * epsilon / steps * gradient.sign()
        adversarial = torch.minimum(torch.maximum(adversarial, low), high)
    return adversarial


def train(kind: str) -> nn.Sequential:
    """By Adam, with a learning rate that falls to nothing."""
    epochs, epsilon, steps = RECIPES[kind]
    torch.manual_seed(0)
    dataset = data.mnist("train")
    model = strided_cnn(seed=2).train()
    optimizer = torch.optim.Adam(model.parameters(), 2e-3)
    total = epochs * (len(dataset) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total)
    done = 0
    for _ in range(epochs):
        order = torch.randperm(len(dataset))[: len(dataset) // BATCH * BATCH]
        for chosen in order.split(BATCH):
            images, labels = dataset.images[chosen], dataset.labels[chosen]
            if epsilon:
                images = pgd(model, images, labels, epsilon * min(1, done / total / RAMP), steps)
            loss = F.cross_entropy(model(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            done += 1
        print(kind, done, "of", total, f"loss {loss:.3f}", flush=True)
    return model.eval()


def share(model: nn.Module, images: Tensor, labels: Tensor) -> float:
    with torch.no_grad():
        return float((model(images).argmax(1) == labels).float().mean())


def main() -> None:
    torch.set_num_threads(1)
    digits = data.subset(300)
    as_bytes = {"images": (digits.images * 255).round().to(torch.uint8), "labels": digits.labels.to(torch.uint8)}
    save_file(as_bytes, HERE / "digits.safetensors")
    weights, record = {}, {"made": datetime.now(UTC).date().isoformat(), "torch": torch.__version__, "weights": {}}
    for kind in RECIPES:
        start = time.perf_counter()
        model = train(kind)
        weights |= {f"{kind}/{name}": tensor.half() for name, tensor in model.state_dict().items()}
        print(f"{kind}: {time.perf_counter() - start:.0f} s")
    save_file(weights, HERE / "trained.safetensors")
    test = data.mnist("test")
    for kind in RECIPES:
        model = trained(kind)
        attacked = pgd(model, test.images, test.labels, 0.3, 40)
        record["weights"][kind] = {
            "checksum": checksum(model),
            "clean": share(model, test.images, test.labels),
            "pgd40_0.3": share(model, attacked, test.labels),
        }
    (HERE / "trained.json").write_text(json.dumps(record, indent=2) + "\n")
    print(json.dumps(record, indent=2))


if __name__ == "__main__":
    main()
