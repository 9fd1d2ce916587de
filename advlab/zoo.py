"""The trained models of the book, kept by the store: trained once, then loaded."""

from __future__ import annotations

import dataclasses
from typing import Any

import safetensors.torch
import torch
from torch import Tensor, nn

from advlab.defenses.adversarial_training import (
    more_steps_on_redrawn,
    random_single_step,
    several_steps,
    single_step,
    steps_on_redrawn,
    trades,
)
from advlab.defenses.certifiable import (
    BEYOND_SMALL,
    certifiable_cnn,
    certifiable_cnn_small_ball,
    plain_certifiable_cnn,
    small_certifiable_cnn,
)
from advlab.defenses.distillation import distilled
from advlab.defenses.interval_training import certified_loss, ramped
from advlab.engine.cache import machine
from advlab.engine.cache.computation import Computation
from advlab.engine.cache.encoding import to_bytes
from advlab.engine.cache.profile import Profile
from advlab.models import SimpleCNN, cheap_cnn, deeper_cnn, strided_cnn
from advlab.training import Recipe, train
from advlab.training.augmentation import nudged, redrawn

#: SimpleCNN trained on clean images with Adam: the model that most pages attack.
STANDARD = Recipe(architecture=SimpleCNN, name="standard")
#: SimpleCNN trained on PGD's images of each batch (Madry et al. 2018), cut down to two or three minutes of one core: a
#: third of the images, three steps instead of forty.
ROBUST = Recipe(
    architecture=SimpleCNN,
    perturb=several_steps,
    epsilon=0.3,
    ramp=0.3,
    epochs=3,
    batch_size=100,
    learning_rate=5e-3,
    train_images=20_000,
    name="robust",
)

#: The forms of adversarial training, compared: the same network and number of images; only the perturbation differs.
PGD_TRAINED = dataclasses.replace(ROBUST, architecture=strided_cnn, name="pgd_trained")
SINGLE_STEP = dataclasses.replace(PGD_TRAINED, perturb=single_step, name="single_step")
RANDOM_SINGLE_STEP = dataclasses.replace(PGD_TRAINED, perturb=random_single_step, name="random_single_step")


def trades_objective(model: nn.Module, images: Tensor, labels: Tensor, share: float) -> Tensor:
    """TRADES at its usual weight of the divergence, with epsilon growing as in the other forms of adversarial training.

    Args:
        model: takes pixels in [0, 1], returns logits `[batch, classes]`; in training mode.
        images: `[batch, *shape]`, in [0, 1].
        labels: `[batch]`, the true classes.
        share: fraction of the training steps done, in [0, 1).

    Returns:
        The loss, averaged over the batch.

    Raises:
        ValueError, TypeError: bad input; see `advlab.defenses.adversarial_training.trades`.

    Source: Zhang et al. 2019 (arXiv 1901.08573).
    """
    return trades(model, images, labels, ramped(share, 0.0, PGD_TRAINED.ramp, 0.0, PGD_TRAINED.epsilon), beta=6.0)


TRADES = dataclasses.replace(PGD_TRAINED, perturb=None, objective=trades_objective, name="trades")
#: The most robust model that a few minutes of one core give: one more convolution, all images, each redrawn at random,
#: in a ball slightly larger than the one that is evaluated.
ADVERSARIAL = dataclasses.replace(
    PGD_TRAINED,
    architecture=deeper_cnn,
    perturb=steps_on_redrawn,
    epsilon=0.34,
    train_images=None,
    epochs=6,
    learning_rate=3e-3,
    name="adversarial",
)


def noise_in_training(model: nn.Module, images: Tensor, labels: Tensor, epsilon: float) -> Tensor:
    """The images with Gaussian noise of standard deviation `epsilon`, unclipped.

    Noisy pixels may leave [0, 1], as they do when the smoothed classifier is queried. torch's global generator draws.

    Args:
        model: not used; training passes it to every perturbation.
        images: `[batch, *shape]`, in [0, 1].
        labels: `[batch]`; not used.
        epsilon: standard deviation of the noise, in pixel units.

    Source: Cohen, Rosenfeld, Kolter 2019 (arXiv 1902.02918), section 3.3.
    """
    return images + epsilon * torch.randn_like(images)


#: The networks to be smoothed, by the standard deviation of their noise in pixel units (Cohen et al. 2019).
SMOOTHED = {
    sigma: Recipe(
        architecture=cheap_cnn,
        perturb=noise_in_training,
        epsilon=sigma,
        epochs=2,
        batch_size=100,
        learning_rate=5e-3,
        name=f"smoothed {sigma:g}",
    )
    for sigma in (0.25, 0.5, 1.0)
}

#: Radius of the ball in training by intervals, slightly larger than the one that is evaluated, and the fractions of the
#: training between which it grows from 0 (Gowal et al. 2018).
TRAINED_EPSILON = 0.32
GROWING = (0.02, 0.5)


def interval_objective(model: nn.Module, images: Tensor, labels: Tensor, share: float) -> Tensor:
    """The cross-entropy of the worst logits that intervals allow, in a ball that grows from radius 0.

    Args:
        model: a chain of the layers in `advlab.defenses.chain.KNOWN`, in training mode.
        images: `[batch, *shape]`, in [0, 1].
        labels: `[batch]`, the true classes.
        share: fraction of the training steps done, in [0, 1).

    Returns:
        The loss, averaged over the batch.

    Raises:
        ValueError, TypeError: bad input; see `advlab.defenses.interval_training.certified_loss`.

    Source: Gowal et al. 2018 (arXiv 1810.12715).
    """
    return certified_loss(model, images, labels, ramped(share, *GROWING, 0.0, TRAINED_EPSILON), kappa=0.0)


#: A small network trained to be proved by intervals (Gowal et al. 2018, with the initial weights of Shi et al. 2021).
CERTIFIED = Recipe(
    architecture=small_certifiable_cnn,
    objective=interval_objective,
    clip=10.0,
    epochs=12,
    batch_size=100,
    learning_rate=3e-3,
    name="certified",
)
#: The same without the first layer, which relies on black and white pixels.
PLAINLY_CERTIFIED = dataclasses.replace(CERTIFIED, architecture=plain_certifiable_cnn, name="plainly certified")


def long_trades_objective(model: nn.Module, images: Tensor, labels: Tensor, share: float) -> Tensor:
    """`trades_objective` with ten steps in the search, on images redrawn at random.

    Args:
        model: takes pixels in [0, 1], returns logits `[batch, classes]`; in training mode.
        images: `[batch, 1, side, side]`, in [0, 1].
        labels: `[batch]`, the true classes.
        share: fraction of the training steps done, in [0, 1).

    Returns:
        The loss, averaged over the batch.

    Raises:
        ValueError, TypeError: bad input; see `advlab.defenses.adversarial_training.trades`.

    Source: Zhang et al. 2019 (arXiv 1901.08573); augmentation against overfitting, Rebuffi et al. 2021 (arXiv
    2111.05328).
    """
    epsilon = ramped(share, 0.0, PGD_TRAINED.ramp, 0.0, PGD_TRAINED.epsilon)
    return trades(model, redrawn(images), labels, epsilon, beta=6.0, steps=10, step=0.25)


def long_interval_objective(model: nn.Module, images: Tensor, labels: Tensor, share: float) -> Tensor:
    """`interval_objective` on images shifted by up to a pixel, which the network memorises later.

    Args:
        model: a chain of the layers in `advlab.defenses.chain.KNOWN`, in training mode.
        images: `[batch, 1, side, side]`, in [0, 1].
        labels: `[batch]`, the true classes.
        share: fraction of the training steps done, in [0, 1).

    Returns:
        The loss, averaged over the batch.

    Raises:
        ValueError, TypeError: bad input; see `advlab.defenses.interval_training.certified_loss`.

    Source: Gowal et al. 2018 (arXiv 1810.12715).
    """
    return interval_objective(model, nudged(images), labels, share)


def small_ball_objective(model: nn.Module, images: Tensor, labels: Tensor, share: float) -> Tensor:
    """`long_interval_objective` for a ball of radius 0.1.

    Args:
        model: a chain of the layers in `advlab.defenses.chain.KNOWN`, in training mode.
        images: `[batch, 1, side, side]`, in [0, 1].
        labels: `[batch]`, the true classes.
        share: fraction of the training steps done, in [0, 1).

    Returns:
        The loss, averaged over the batch.

    Raises:
        ValueError, TypeError: bad input; see `advlab.defenses.interval_training.certified_loss`.

    Source: Gowal et al. 2018 (arXiv 1810.12715).
    """
    epsilon = ramped(share, *GROWING, 0.0, BEYOND_SMALL)
    return certified_loss(model, nudged(images), labels, epsilon, kappa=0.0)


#: Forty epochs of the shallower network: on the same images each time, and on images redrawn at random.
SAME_IMAGES = dataclasses.replace(PGD_TRAINED, train_images=None, epochs=40)
DRAWN_ANEW = dataclasses.replace(SAME_IMAGES, perturb=steps_on_redrawn)

#: Recipes that take an hour of one core, or minutes of a GPU; not part of the build (`advlab build --recipe long`). The
#: third is the build's own, here judged by AutoAttack in full.
LONG = {
    "adversarial, same images": SAME_IMAGES,
    "adversarial, drawn anew": DRAWN_ANEW,
    "adversarial, as built": ADVERSARIAL,
    "adversarial": dataclasses.replace(ADVERSARIAL, perturb=more_steps_on_redrawn, epochs=15),
    "trades": dataclasses.replace(TRADES, objective=long_trades_objective, train_images=None, epochs=20),
    "certified": dataclasses.replace(
        CERTIFIED, architecture=certifiable_cnn, objective=long_interval_objective, epochs=80
    ),
    "certified, small ball": dataclasses.replace(
        CERTIFIED, architecture=certifiable_cnn_small_ball, objective=small_ball_objective, epochs=80
    ),
}


@dataclasses.dataclass(frozen=True)
class Distillation:
    """How a student is made: the recipe of both networks, and the temperature of both trainings.

    Args:
        recipe: architecture and training of teacher and student.
        temperature: divides the logits in both trainings, at least 1.
    """

    recipe: Recipe
    temperature: float


#: Defensive distillation (Papernot et al. 2016) at the highest temperature that its authors tried.
DISTILLED = Distillation(
    Recipe(architecture=SimpleCNN, epochs=2, batch_size=100, learning_rate=1e-2, train_images=20_000), temperature=100.0
)


def for_profile(recipe: Recipe, profile: Profile) -> Recipe:
    """The recipe with the numbers of training and test images that a profile asks for.

    Args:
        recipe: keeps its number of training images where the profile allows more.
        profile: sets the largest number of training images and the number of test images; None stands for all.

    Source: advlab's own: drafts train on fewer images.
    """
    images = [n for n in (recipe.train_images, profile.train_images) if n is not None]
    return dataclasses.replace(recipe, train_images=min(images, default=None), test_images=profile.test_images)


def training(recipe: Recipe, seed: int = 0) -> Computation:
    """The stored training of a recipe: `model.safetensors` and `history.json`.

    Args:
        recipe: what to train and how.
        seed: sets the weights, the order of the images and dropout.

    Returns:
        The computation, which trains only when its entry is asked for and the store lacks it.

    Raises:
        TypeError: the recipe holds a value that no key can hold, such as a lambda.

    Source: advlab's own: the store of this book.
    """
    own = tuple(one for one in vars(recipe).values() if getattr(one, "__module__", "").startswith("advlab."))
    name = f"{recipe.name or recipe.architecture.__name__}/{seed}"
    return Computation("model", name, _trained_files, (recipe, seed), {"recipe": recipe, "seed": seed}, own)


def _trained_files(recipe: Recipe, seed: int) -> dict[str, bytes]:
    finished = train(recipe, seed)
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in finished.model.state_dict().items()}
    return {"model.safetensors": safetensors.torch.save(weights), "history.json": to_bytes(finished.history)}


def trained(recipe: Recipe, seed: int = 0) -> nn.Module:
    """The model of this recipe and seed, in evaluation mode, on the device of `ADVLAB_DEVICE`; trained if not stored.

    Args:
        recipe: what to train and how.
        seed: sets the weights, the order of the images and dropout.

    Raises:
        TypeError: the recipe holds a value that no key can hold, such as a lambda.
        ValueError: a recipe that cannot be trained; see `advlab.training.train`.
        SourceChanged: the source was edited while the training ran.

    Source: advlab's own: the store of this book.
    """
    model = recipe.architecture()
    model.load_state_dict(safetensors.torch.load(training(recipe, seed).get().read("model.safetensors")))
    return model.eval().to(machine.device())


def history(recipe: Recipe, seed: int = 0) -> list[dict[str, Any]]:
    """Loss and accuracy after each epoch of the training of this recipe and seed; trained if not stored.

    Args:
        recipe: what to train and how.
        seed: sets the weights, the order of the images and dropout.

    Returns:
        One entry for each epoch, with the keys of `advlab.training.Epoch`.

    Raises:
        TypeError: the recipe holds a value that no key can hold, such as a lambda.
        ValueError: a recipe that cannot be trained; see `advlab.training.train`.
        SourceChanged: the source was edited while the training ran.

    Source: advlab's own: the store of this book.
    """
    rows: list[dict[str, Any]] = training(recipe, seed).get().json("history.json")
    return rows


def distilling(profile: Profile, wanted: Distillation = DISTILLED, seed: int = 0) -> Computation:
    """The stored training of a teacher and its student, sized by the profile: `{teacher,student}.safetensors`.

    Args:
        profile: sets the numbers of training and test images.
        wanted: the recipe and the temperature; the book's own by default.
        seed: sets the weights, the order of the images and dropout.

    Returns:
        The computation, which trains only when its entry is asked for and the store lacks it.

    Raises:
        TypeError: the recipe holds a value that no key can hold, such as a lambda.

    Source: Papernot et al. 2016 (arXiv 1511.04508).
    """
    recipe = for_profile(wanted.recipe, profile)
    arguments = (recipe, wanted.temperature, seed)
    parameters = {"recipe": recipe, "temperature": wanted.temperature, "seed": seed}
    return Computation("model", f"distilled/{seed}", _distilled_files, arguments, parameters, (recipe.architecture,))


def _distilled_files(recipe: Recipe, temperature: float, seed: int) -> dict[str, bytes]:
    pair = distilled(recipe, temperature, seed)
    return {"teacher.safetensors": _weights(pair.teacher), "student.safetensors": _weights(pair.student)}


def _weights(model: nn.Module) -> bytes:
    return safetensors.torch.save({key: tensor.cpu().contiguous() for key, tensor in model.state_dict().items()})


def student(profile: Profile, wanted: Distillation = DISTILLED, seed: int = 0) -> nn.Module:
    """The student of a distillation, in evaluation mode: the defended model, which answers at temperature 1.

    Args:
        profile: sets the numbers of training and test images.
        wanted: the recipe and the temperature; the book's own by default.
        seed: sets the weights, the order of the images and dropout.

    Raises:
        TypeError: the recipe holds a value that no key can hold, such as a lambda.
        ValueError: a recipe or a temperature that cannot be trained; see `advlab.defenses.distillation.distilled`.
        SourceChanged: the source was edited while the training ran.

    Source: Papernot et al. 2016 (arXiv 1511.04508).
    """
    model = wanted.recipe.architecture()
    model.load_state_dict(safetensors.torch.load(distilling(profile, wanted, seed).get().read("student.safetensors")))
    return model.eval().to(machine.device())


#: The models of the book, by the names that `advlab.trained` takes.
NAMED = {
    "standard": STANDARD,
    "robust": ROBUST,
    "pgd_trained": PGD_TRAINED,
    "single_step": SINGLE_STEP,
    "random_single_step": RANDOM_SINGLE_STEP,
    "trades": TRADES,
    "adversarial": ADVERSARIAL,
    "smoothed": SMOOTHED[0.5],
    "certified": CERTIFIED,
}


def by_name(name: str) -> Recipe:
    """The recipe of a model of the book. Raises ValueError if the book has no model of that name."""
    if name not in NAMED:
        raise ValueError(f"no model of the book is called {name!r}; there are {', '.join(map(repr, NAMED))}")
    return NAMED[name]


def given_to_programs(profile: Profile) -> list[Computation]:
    """The model that `advlab.trained()` gives: the programs of snippets/ ask for it."""
    return [training(for_profile(STANDARD, profile))]
