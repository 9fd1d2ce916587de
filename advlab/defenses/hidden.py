"""Activations of hidden layers by forward hooks, with the graph that leads back to the images.

`advlab.activations.Activations` keeps copies without a gradient: enough to fit a detector, not to attack one.
"""

from collections.abc import Sequence
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor, nn

from advlab.activations import Activations
from advlab.models.inference import logits


def hidden(
    model: nn.Module, images: Float[Tensor, "batch *shape"], layers: Sequence[str]
) -> tuple[Float[Tensor, "batch classes"], list[Float[Tensor, "batch _"]]]:
    """The model's logits, and of each layer the features that it put out on the way (see `features`).

    In the model's present mode, and differentiable in the images. The hooks are removed, whatever happens.
    """
    seen: dict[str, Tensor] = {}
    handles = [model.get_submodule(name).register_forward_hook(partial(_keep, seen, name)) for name in layers]
    try:
        outputs: Tensor = model(images)
    finally:
        for handle in handles:
            handle.remove()
    return outputs, [seen[name] for name in layers]


def _keep(seen: dict[str, Tensor], name: str, module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
    seen[name] = features(output.clone())  # a clone: the next layer may work in place


def features(output: Float[Tensor, "batch *shape"]) -> Float[Tensor, "batch _"]:
    """One vector for each image: of a map with height and width the mean of each channel (Lee et al. 2018)."""
    return output.flatten(2).mean(2) if output.ndim > 2 else output


def fitted_on(
    model: nn.Module, images: Float[Tensor, "batch *shape"], labels: Tensor, layers: Sequence[str]
) -> tuple[int, list[Float[Tensor, "batch _"]]]:
    """How many classes the model has, and the features of the images that a detector is fitted on.

    Raises:
        ValueError: as many labels as images there are not, or a class has no image.
        NothingToHook: the model has no such layer.
    """
    if len(images) != len(labels):
        raise ValueError(f"{len(images)} images but {len(labels)} labels")
    with Activations(model, layers) as seen:
        classes = logits(model, images).shape[1]
    counts = torch.bincount(labels, minlength=classes)
    if len(counts) > classes or not counts.all():
        raise ValueError(
            f"the model has {classes} classes, and each needs an image to be fitted on; got {counts.tolist()}"
        )
    return classes, [features(seen[name]) for name in layers]
