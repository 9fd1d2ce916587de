"""The trained models of the book, kept by the store: trained once, loaded ever after."""

from __future__ import annotations

import dataclasses
from typing import Any

import safetensors.torch
import torch
from torch import Tensor, nn

from advlab import machine, source
from advlab.attacks.pgd import pgd
from advlab.models import SimpleCNN
from advlab.profile import Profile
from advlab.stored import Computation, ingredients, target, to_bytes
from advlab.training import Recipe, train

#: SimpleCNN trained on clean images with Adam: the model that most pages attack.
STANDARD = Recipe(architecture=SimpleCNN)
#: The steps of the attack that `ROBUST` is trained against, each of two thirds of its radius.
TRAINING_STEPS = 3
STEP = 2 / 3


def pgd_in_training(model: nn.Module, images: Tensor, labels: Tensor, epsilon: float) -> Tensor:
    """A short PGD from a random start, in the model's present state; torch's global generator draws the start."""
    if epsilon == 0:  # the first step of a ramp
        return images
    chance = torch.default_generator
    return pgd(model, images, labels, epsilon, generator=chance, steps=TRAINING_STEPS, step_size=STEP * epsilon)


#: SimpleCNN trained on what PGD makes of each batch (Madry et al. 2018), cut down to two or three minutes of one core:
#: a third of the images, three steps instead of forty.
ROBUST = Recipe(
    architecture=SimpleCNN,
    perturb=pgd_in_training,
    epsilon=0.3,
    ramp=0.3,
    epochs=3,
    batch_size=100,
    learning_rate=5e-3,
    train_images=20_000,
)


def sized(recipe: Recipe, profile: Profile) -> Recipe:
    """The recipe with the numbers of training and test images that a profile asks for."""
    images = [n for n in (recipe.train_images, profile.train_images) if n is not None]
    return dataclasses.replace(recipe, train_images=min(images, default=None), test_images=profile.test_images)


def training(recipe: Recipe, seed: int = 0) -> Computation:
    """The stored training: `model.safetensors` and `history.json`."""
    own = [value for value in vars(recipe).values() if getattr(value, "__module__", "").startswith("advlab.")]
    reached = source.SNAPSHOT.reached("advlab.zoo:_trained_files", *map(target, own))
    made_of = ingredients(reached, {"recipe": recipe, "seed": seed})
    name = f"{recipe.architecture.__name__}/{seed}"
    return Computation("model", name, made_of, reached, lambda: _trained_files(recipe, seed))


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


def by_name(name: str) -> Recipe:
    """The recipe of a model of the book. Raises ValueError for a name that the book does not have."""
    if name == "standard":
        return STANDARD
    if name == "robust":
        return ROBUST
    raise ValueError(f"no model of the book is called {name!r}; there are 'standard' and 'robust'")
