"""The trained models of the book, kept by the store: trained once, loaded ever after."""

from __future__ import annotations

import dataclasses
from typing import Any

import safetensors.torch
from torch import nn

from advlab import machine, source
from advlab.models import SimpleCNN
from advlab.profile import Profile
from advlab.stored import Computation, ingredients, target, to_bytes
from advlab.training import Recipe, train

#: SimpleCNN trained on clean images with Adam: the model that most pages attack.
STANDARD = Recipe(architecture=SimpleCNN)


def sized(recipe: Recipe, profile: Profile) -> Recipe:
    """The recipe with the numbers of training and test images that a profile asks for."""
    return dataclasses.replace(recipe, train_images=profile.train_images, test_images=profile.test_images)


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
    raise ValueError(f"no model of the book is called {name!r}; there is 'standard'")
