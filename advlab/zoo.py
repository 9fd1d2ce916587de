"""The trained models of the book, kept by the store: trained once, loaded ever after."""

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
#: SimpleCNN trained on what PGD makes of each batch (Madry et al. 2018), cut down to two or three minutes of one core:
#: a third of the images, three steps instead of forty.
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

#: The forms of adversarial training side by side: one network, one number of images seen, only what perturbs differs.
PGD_TRAINED = dataclasses.replace(ROBUST, architecture=strided_cnn, name="pgd_trained")
SINGLE_STEP = dataclasses.replace(PGD_TRAINED, perturb=single_step, name="single_step")
RANDOM_SINGLE_STEP = dataclasses.replace(PGD_TRAINED, perturb=random_single_step, name="random_single_step")


def trades_objective(model: nn.Module, images: Tensor, labels: Tensor, share: float) -> Tensor:
    """TRADES at its usual weight of the divergence, with epsilon growing as it does in the other forms."""
    return trades(model, images, labels, ramped(share, 0.0, PGD_TRAINED.ramp, 0.0, PGD_TRAINED.epsilon), beta=6.0)


TRADES = dataclasses.replace(PGD_TRAINED, perturb=None, objective=trades_objective, name="trades")
#: The most robust model that a few minutes of one core give: one convolution more, and all images, each drawn anew, in
#: a ball that is a little larger than the one asked about.
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
    """Gaussian noise of standard deviation `epsilon`, in pixel units (Cohen et al. 2019, section 3.3).

    It is not clipped: noisy pixels may leave [0, 1], as they do when the smoothed classifier is asked. torch's global
    generator draws it.
    """
    return images + epsilon * torch.randn_like(images)


#: By the standard deviation of their noise, in pixel units: the networks to be smoothed (Cohen et al. 2019).
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

#: The ball that intervals are trained on, a little larger than the one asked about, and the parts of the training
#: between which it grows from nothing (Gowal et al. 2018).
TRAINED_EPSILON = 0.32
GROWING = (0.02, 0.5)


def interval_objective(model: nn.Module, images: Tensor, labels: Tensor, share: float) -> Tensor:
    """The loss of the worst logits that intervals allow, in a ball that grows from the image alone."""
    return certified_loss(model, images, labels, ramped(share, *GROWING, 0.0, TRAINED_EPSILON), kappa=0.0)


#: A small network trained so that intervals prove it (Gowal et al. 2018, with the first weights of Shi et al. 2021).
CERTIFIED = Recipe(
    architecture=small_certifiable_cnn,
    objective=interval_objective,
    clip=10.0,
    epochs=12,
    batch_size=100,
    learning_rate=3e-3,
    name="certified",
)
#: The same without the first layer that black and white pixels allow.
PLAINLY_CERTIFIED = dataclasses.replace(CERTIFIED, architecture=plain_certifiable_cnn, name="plainly certified")


def long_trades_objective(model: nn.Module, images: Tensor, labels: Tensor, share: float) -> Tensor:
    """`trades_objective` with ten steps in the search, on images drawn anew."""
    epsilon = ramped(share, 0.0, PGD_TRAINED.ramp, 0.0, PGD_TRAINED.epsilon)
    return trades(model, redrawn(images), labels, epsilon, beta=6.0, steps=10, step=0.25)


def long_interval_objective(model: nn.Module, images: Tensor, labels: Tensor, share: float) -> Tensor:
    """`interval_objective` on images moved by a pixel, which are not so soon known by heart."""
    return interval_objective(model, nudged(images), labels, share)


def small_ball_objective(model: nn.Module, images: Tensor, labels: Tensor, share: float) -> Tensor:
    """As `long_interval_objective`, for a ball of 0.1."""
    epsilon = ramped(share, *GROWING, 0.0, BEYOND_SMALL)
    return certified_loss(model, nudged(images), labels, epsilon, kappa=0.0)


#: Forty epochs of the shallower network: on the same images all the time, and on images drawn anew.
SAME_IMAGES = dataclasses.replace(PGD_TRAINED, train_images=None, epochs=40)
DRAWN_ANEW = dataclasses.replace(SAME_IMAGES, perturb=steps_on_redrawn)

#: Recipes of an hour of one core, or minutes of a GPU: not part of the build (`advlab build --recipe long`). The third
#: is the build's, and is judged here by AutoAttack in full.
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
    """How a student comes about: the recipe of both networks, and the temperature, at least 1, of both trainings."""

    recipe: Recipe
    temperature: float


#: Defensive distillation (Papernot et al. 2016) at the highest temperature that its authors tried.
DISTILLED = Distillation(
    Recipe(architecture=SimpleCNN, epochs=2, batch_size=100, learning_rate=1e-2, train_images=20_000), temperature=100.0
)


def sized(recipe: Recipe, profile: Profile) -> Recipe:
    """The recipe with the numbers of training and test images that a profile asks for."""
    images = [n for n in (recipe.train_images, profile.train_images) if n is not None]
    return dataclasses.replace(recipe, train_images=min(images, default=None), test_images=profile.test_images)


def training(recipe: Recipe, seed: int = 0) -> Computation:
    """The stored training: `model.safetensors` and `history.json`."""
    own = tuple(one for one in vars(recipe).values() if getattr(one, "__module__", "").startswith("advlab."))
    name = f"{recipe.name or recipe.architecture.__name__}/{seed}"
    return Computation("model", name, _trained_files, (recipe, seed), {"recipe": recipe, "seed": seed}, own)


def _trained_files(recipe: Recipe, seed: int) -> dict[str, bytes]:
    finished = train(recipe, seed)
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in finished.model.state_dict().items()}
    return {"model.safetensors": safetensors.torch.save(weights), "history.json": to_bytes(finished.history)}


def trained(recipe: Recipe, seed: int = 0) -> nn.Module:
    """The model that this recipe and seed give, in evaluation mode, on the device of `ADVLAB_DEVICE`."""
    model = recipe.architecture()
    model.load_state_dict(safetensors.torch.load(training(recipe, seed).get().read("model.safetensors")))
    return model.eval().to(machine.device())


def history(recipe: Recipe, seed: int = 0) -> list[dict[str, Any]]:
    """Loss and accuracy after each epoch of that training, as `advlab.training.train` reports them."""
    rows: list[dict[str, Any]] = training(recipe, seed).get().json("history.json")
    return rows


def distilling(profile: Profile, wanted: Distillation = DISTILLED, seed: int = 0) -> Computation:
    """The stored training of a teacher and its student, sized by the profile: `{teacher,student}.safetensors`."""
    recipe = sized(wanted.recipe, profile)
    arguments = (recipe, wanted.temperature, seed)
    parameters = {"recipe": recipe, "temperature": wanted.temperature, "seed": seed}
    return Computation("model", f"distilled/{seed}", _distilled_files, arguments, parameters, (recipe.architecture,))


def _distilled_files(recipe: Recipe, temperature: float, seed: int) -> dict[str, bytes]:
    pair = distilled(recipe, temperature, seed)
    return {"teacher.safetensors": _weights(pair.teacher), "student.safetensors": _weights(pair.student)}


def _weights(model: nn.Module) -> bytes:
    return safetensors.torch.save({key: tensor.cpu().contiguous() for key, tensor in model.state_dict().items()})


def student(profile: Profile, wanted: Distillation = DISTILLED, seed: int = 0) -> nn.Module:
    """The student of that distillation, in evaluation mode: the defended model, which answers at temperature 1."""
    model = wanted.recipe.architecture()
    model.load_state_dict(safetensors.torch.load(distilling(profile, wanted, seed).get().read("student.safetensors")))
    return model.eval().to(machine.device())


#: The models of the book by the names that programs ask for (`advlab.trained`).
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
    """The recipe of a model of the book. Raises ValueError for a name that the book does not have."""
    if name not in NAMED:
        raise ValueError(f"no model of the book is called {name!r}; there are {', '.join(map(repr, NAMED))}")
    return NAMED[name]


def given_to_programs(profile: Profile) -> list[Computation]:
    """The model that `advlab.trained()` gives: the programs of snippets/ ask for it."""
    return [training(sized(STANDARD, profile))]
