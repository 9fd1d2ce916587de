"""One training loop. A recipe says which model is trained, on how many images, and which perturbation it meets."""

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

WARM_UP = 0.2  # fraction of the steps in which the learning rate rises; afterwards it falls to nearly 0
REPORT_EVERY = 10  # steps


@dataclass(frozen=True)
class Recipe:
    """How a model is trained: plain values and functions, so that a recipe can be hashed.

    Args:
        architecture: returns the untrained model.
        epochs: passes over the training images, at least 1.
        batch_size: images in a step, at least 1.
        learning_rate: Adam's, above 0, at the peak of its single cycle (linear rise, linear fall).
        train_images: number of training images, stratified (`advlab.data.subset`); None for all 60,000.
        test_images: number of images classified after each epoch; None for all 10,000.
        perturb: called as `perturb(model, images, labels, epsilon)` on every batch; None trains on clean images.
        epsilon: the size passed on to `perturb`, in pixel units.
        ramp: fraction of the steps, in [0, 1], during which epsilon grows from 0 to its size. A network that meets
            large perturbations from the first step on may long predict one class for every digit.
        loss: of logits `[batch, classes]` and labels `[batch]`, averaged over the batch.
        objective: called as `objective(model, images, labels, share)`, where share is the fraction of the steps done,
            in [0, 1): a loss that needs more of the model than its outputs on one batch. Replaces `perturb` and `loss`;
            the test after each epoch still uses `loss`. Called under autocast where the processor has bfloat16.
        clip: the largest L2 norm of all gradients together, above 0; longer ones are shortened. None: no clipping.
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
    """Results of one epoch. Accuracies lie in [0, 1]; training figures are averages while the model was learning.

    The accuracy in training is None where the recipe has an objective, whose outputs the loop does not see.
    """

    epoch: int
    loss: float
    train_accuracy: float | None
    test_loss: float
    test_accuracy: float
    seconds: float


@dataclass(frozen=True)
class Training:
    """A trained model, in evaluation mode and in torch's default memory format, and its history.

    Args:
        model: the trained network.
        history: one entry for each epoch.
    """

    model: nn.Module
    history: list[Epoch]


def train(recipe: Recipe, seed: int) -> Training:
    """Trains the recipe's model.

    The same seed gives the same model, bit for bit, on the same machine with the same number of threads. torch's global
    generator is restored afterwards.

    Args:
        recipe: what to train and how.
        seed: sets the weights, the order of the images and dropout.

    Returns:
        The trained model and one entry of history for each epoch.

    Raises:
        ValueError: epochs or batch size below 1; more images than the split holds, or fewer than 1; both an objective
            and a perturbation; a clip that is not positive.
        DataError: a file of MNIST is missing or altered.

    Source: Adam: Kingma, Ba 2015 (arXiv 1412.6980); the loop is advlab's own.
    """
    check_recipe(recipe)
    training_set = split_subset("train", recipe.train_images)
    test_set = split_subset("test", recipe.test_images)
    memory.keep_freed_blocks()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = recipe.architecture().to(machine.device())
        set_memory_format(model, torch.channels_last)
        history = _fit(model, recipe, training_set, test_set, torch.Generator().manual_seed(seed))
    set_memory_format(model, torch.contiguous_format)
    return Training(model.eval(), history)


def check_recipe(recipe: Recipe) -> None:
    """Checks that a recipe can be trained; raises ValueError otherwise, for the causes that `train` names."""
    if recipe.epochs < 1 or recipe.batch_size < 1:
        raise ValueError(f"epochs and batch_size must be at least 1, got {recipe.epochs} and {recipe.batch_size}")
    if recipe.objective is not None and recipe.perturb is not None:
        raise ValueError("a recipe takes either perturb or objective: an objective makes its own perturbations")
    if recipe.clip is not None and not recipe.clip > 0:
        raise ValueError(f"clip must be positive, got {recipe.clip}")


def set_memory_format(model: nn.Module, memory_format: torch.memory_format) -> None:
    """Puts the kernels of convolutions into a memory format, in place; their convolutions then work in it, too.

    Args:
        model: its four-dimensional parameters are changed.
        memory_format: `torch.channels_last` or `torch.contiguous_format`.

    Source: advlab's own: channels-last convolutions are faster on a processor.
    """
    for parameter in model.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=memory_format)


def split_subset(split: Split, n: int | None) -> Dataset:
    """`n` stratified images of a split; all of them for None.

    Args:
        split: "train" or "test".
        n: how many, at least 1; None for the whole split.

    Raises:
        ValueError: there is no such split, or it has fewer images; see `advlab.data.subset`.

    Source: advlab's own: what a recipe's `train_images` and `test_images` mean.
    """
    return mnist(split) if n is None else subset(n, split)


@dataclass(frozen=True)
class Step:
    """Results of one training step.

    Args:
        epoch: number of the epoch, from 0.
        loss: before the step, averaged over the batch.
        outputs: `[batch, classes]`; None where the recipe has an objective.
        targets: `[batch, ...]`, what the outputs were compared with.
    """

    epoch: int
    loss: Tensor
    outputs: Tensor | None
    targets: Tensor


def training_steps(
    model: nn.Module, fast: nn.Module, recipe: Recipe, images: Tensor, targets: Tensor, order: torch.Generator
) -> Iterator[Step]:
    """Trains the model by the recipe, one step each time the caller asks for the next result; in training mode.

    Args:
        model: the model that `recipe.perturb` or `recipe.objective` gets.
        fast: the same parameters, `advlab.models.rewriting.rewritten`: the model that is trained.
        recipe: how to train.
        images: `[n, *shape]`, the training images, in [0, 1].
        targets: `[n, ...]`, what `recipe.loss` compares the outputs with; labels `[n]` where the recipe perturbs.
        order: shuffles the images; on the CPU.

    Returns:
        An iterator over the results of the steps, `recipe.epochs` passes over the images.

    Source: Adam: Kingma, Ba 2015 (arXiv 1412.6980); the loop is advlab's own.
    """
    # Autocast only where the processor computes in bfloat16; elsewhere autocast would be slower than float32.
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
    for epoch, steps in groupby(training_steps(model, fast, recipe, images, labels, order), lambda step: step.epoch):
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
