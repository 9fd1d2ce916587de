"""One training loop. A recipe says what is trained, on how many images, and what perturbs them."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import TypedDict

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from advlab.data import Dataset, Split, mnist, subset
from advlab.engine.cache import machine
from advlab.engine.cache.progress import report
from advlab.models import SimpleCNN
from advlab.models.inference import logits
from advlab.models.rewriting import rewritten
from advlab.training import memory

WARM_UP = 0.2  # share of the steps in which the learning rate rises; it falls to nearly nothing in the rest
REPORT_EVERY = 10  # steps


@dataclass(frozen=True)
class Recipe:
    """How a model is trained: plain values and functions, so that a recipe can be hashed.

    Args:
        architecture: makes the untrained model.
        epochs: passes over the training images.
        batch_size: images a step.
        learning_rate: Adam's, at the top of its one cycle (linear rise, linear fall).
        train_images: how many, stratified (`advlab.data.subset`); None for all 60,000.
        test_images: how many are classified after each epoch; None for all 10,000.
        perturb: called as `perturb(model, images, labels, epsilon)` on every batch; None trains on clean images.
        epsilon: the size, in pixel units, that `perturb` is given.
        ramp: the share of the steps, [0, 1], in which epsilon grows from 0 to its size. A network that meets large
            perturbations from the first step on may learn for long that every digit is the same.
        loss: of logits and labels, averaged over the batch.
        objective: called as `objective(model, images, labels, share)`, where share is the part of the steps that is
            done, in [0, 1): a loss that asks more of the model than its outputs on one batch. In the place of
            `perturb` and `loss`, which tests still use. Called under autocast where the processor has bfloat16.
        clip: the largest L2 norm of all gradients together; longer ones are shortened. None leaves them.
        name: what progress and the store call the model; no part of what it is.
    """

    architecture: Callable[[], nn.Module] = SimpleCNN
    epochs: int = 2
    batch_size: int = 64
    learning_rate: float = 2e-3
    train_images: int | None = None
    test_images: int | None = None
    perturb: Callable[[nn.Module, Tensor, Tensor, float], Tensor] | None = None
    epsilon: float = 0.0
    ramp: float = 0.0
    loss: Callable[[Tensor, Tensor], Tensor] = F.cross_entropy
    objective: Callable[[nn.Module, Tensor, Tensor, float], Tensor] | None = None
    clip: float | None = None
    name: str = field(default="", compare=False)


class Epoch(TypedDict):
    """What one epoch came to. Accuracies in [0, 1]; training figures are averages while the model learned.

    The accuracy in training is None where the recipe has an objective of its own, whose outputs nobody sees.
    """

    epoch: int
    loss: float
    train_accuracy: float | None
    test_loss: float
    test_accuracy: float
    seconds: float


@dataclass(frozen=True)
class Training:
    """A trained model, in evaluation mode and in torch's plain memory format, and its history."""

    model: nn.Module
    history: list[Epoch]


def train(recipe: Recipe, seed: int) -> Training:
    """Trains the recipe's model from `seed`, which decides the weights, the images' order and dropout.

    The same seed gives the same model, bit for bit, on the same machine with the same number of threads.
    torch's global generator is left as it was.

    Raises:
        ValueError: epochs or batch size below 1, more images than there are, an objective beside a perturbation, or a
            clip that is not positive.
    """
    check_recipe(recipe)
    training_set = _share("train", recipe.train_images)
    test_set = _share("test", recipe.test_images)
    memory.keep_freed_blocks()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = recipe.architecture().to(machine.device())
        lay_out(model, torch.channels_last)
        history = _fit(model, recipe, training_set, test_set, torch.Generator().manual_seed(seed))
    lay_out(model, torch.contiguous_format)
    return Training(model.eval(), history)


def check_recipe(recipe: Recipe) -> None:
    """Raises ValueError for a recipe that nothing can be trained by; `train` names its causes."""
    if recipe.epochs < 1 or recipe.batch_size < 1:
        raise ValueError(f"epochs and batch_size must be at least 1, got {recipe.epochs} and {recipe.batch_size}")
    if recipe.objective is not None and recipe.perturb is not None:
        raise ValueError("a recipe has either perturb or objective: an objective makes its own perturbations")
    if recipe.clip is not None and not recipe.clip > 0:
        raise ValueError(f"clip must be positive, got {recipe.clip}")


def lay_out(model: nn.Module, memory_format: torch.memory_format) -> None:
    """Puts the kernels of convolutions into a memory format, in place; their convolutions work in it, too."""
    for parameter in model.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=memory_format)


def _share(split: Split, n: int | None) -> Dataset:
    return mnist(split) if n is None else subset(n, split)


@dataclass(frozen=True)
class Step:
    """What one step of a training gave: the loss before it, and outputs (unless it has an objective) and targets."""

    epoch: int
    loss: Tensor
    outputs: Tensor | None
    targets: Tensor


def descent(
    model: nn.Module, fast: nn.Module, recipe: Recipe, images: Tensor, targets: Tensor, order: torch.Generator
) -> Iterator[Step]:
    """Trains the model by the recipe on these images, in training mode, one step each time the caller asks for one.

    Args:
        model: what `recipe.perturb` attacks.
        fast: the same parameters, `advlab.models.rewriting.rewritten`: what is trained.
        targets: what `recipe.loss` compares the outputs with; labels, where the recipe perturbs.
        order: shuffles the images; one of the CPU.
    """
    # Autocast only where the processor computes in bfloat16; elsewhere it would be slower than float32.
    low = torch.autocast("cpu", torch.bfloat16, enabled=images.device.type == "cpu" and machine.path() == "bfloat16")
    optimizer = torch.optim.Adam(model.parameters(), recipe.learning_rate, fused=images.device.type in ("cpu", "cuda"))
    batches = -(-len(images) // recipe.batch_size)
    steps = recipe.epochs * batches
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        recipe.learning_rate,
        total_steps=steps,
        pct_start=WARM_UP,
        anneal_strategy="linear",
        cycle_momentum=False,
    )
    for epoch in range(recipe.epochs):
        model.train()
        shuffled = torch.randperm(len(images), generator=order).to(images.device)
        for step, chosen in enumerate(shuffled.split(recipe.batch_size), start=epoch * batches):
            batch, wanted = images[chosen], targets[chosen]
            outputs = None
            if recipe.objective is not None:
                with low:
                    loss = recipe.objective(model, batch, wanted, step / steps)
            else:
                if recipe.perturb is not None:
                    grown = step / (recipe.ramp * steps) if recipe.ramp else 1.0
                    batch = recipe.perturb(model, batch, wanted, recipe.epsilon * min(grown, 1.0))
                with low:
                    outputs = fast(batch)
                loss = recipe.loss(outputs.float(), wanted)
            optimizer.zero_grad()
            loss.backward()
            if recipe.clip is not None:
                nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
            optimizer.step()
            schedule.step()
            if step % REPORT_EVERY == 0:
                report(step, steps, f"epoch {epoch + 1} of {recipe.epochs}")
            yield Step(epoch, loss.detach(), None if outputs is None else outputs.detach(), wanted)


def _fit(
    model: nn.Module, recipe: Recipe, training_set: Dataset, test_set: Dataset, order: torch.Generator
) -> list[Epoch]:
    device = machine.device()
    images, labels, fast = training_set.images.to(device), training_set.labels.to(device), rewritten(model)
    history, start = [], time.perf_counter()
    for epoch, steps in groupby(descent(model, fast, recipe, images, labels, order), lambda step: step.epoch):
        total_loss, correct = torch.zeros((), device=device), torch.zeros((), dtype=torch.long, device=device)
        for step in steps:
            total_loss += step.loss * len(step.targets)
            if step.outputs is not None:
                correct += (step.outputs.argmax(1) == step.targets).sum()
        test_loss, test_accuracy = _test(fast, test_set, recipe)
        history.append(
            Epoch(
                epoch=epoch + 1,
                loss=float(total_loss) / len(images),
                train_accuracy=None if recipe.objective is not None else int(correct) / len(images),
                test_loss=test_loss,
                test_accuracy=test_accuracy,
                seconds=time.perf_counter() - start,
            )
        )
        start = time.perf_counter()
    return history


def _test(model: nn.Module, test_set: Dataset, recipe: Recipe) -> tuple[float, float]:
    outputs = logits(model, test_set.images)
    accuracy = (outputs.argmax(1) == test_set.labels).float().mean()
    return float(recipe.loss(outputs, test_set.labels)), float(accuracy)
