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
    """The model's logits, and the features of some layers from the same pass (see `features`).

    The model runs in its present mode. Everything is differentiable in the images. The hooks are removed after the
    pass, even if it fails.

    Args:
        model: takes pixels in [0, 1], returns logits.
        images: [batch, *shape], in [0, 1], on the model's device.
        layers: names as in `model.named_modules()`; each layer returns a tensor [batch, ...].

    Returns:
        Logits [batch, classes], and for each layer its features [batch, d].

    Raises:
        AttributeError: the model has no such layer.
        KeyError: a layer does not take part in the pass.

    Source: advlab's own: what detectors by hidden activations share; the mean of each channel is Lee et al. 2018.
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
    """One vector per image, [batch, d]: for a map with height and width, the mean of each channel (Lee et al. 2018)."""
    return output.flatten(2).mean(2) if output.ndim > 2 else output


def fitted_on(
    model: nn.Module, images: Float[Tensor, "batch *shape"], labels: Tensor, layers: Sequence[str]
) -> tuple[int, list[Float[Tensor, "batch _"]]]:
    """Number of classes of the model, and the features of the images on which a detector is fitted.

    Args:
        model: takes pixels in [0, 1], returns logits; it is run in evaluation mode.
        images: [batch, *shape], clean images in [0, 1].
        labels: [batch], their true classes; every class of the model must occur.
        layers: names as in `model.named_modules()`.

    Returns:
        The number of classes, and for each layer the features [batch, d] (see `features`).

    Raises:
        ValueError: the numbers of images and labels differ, there is no image, a class has no image, or a label is not
            a class of the model.
        NothingToHook: the model has no such layer.

    Source: advlab's own: what the detectors of `kernel_density` and `mahalanobis` share.
    """
    if len(images) != len(labels):
        raise ValueError(f"{len(images)} images but {len(labels)} labels")
    with Activations(model, layers) as seen:
        classes = logits(model, images).shape[1]
    counts = torch.bincount(labels, minlength=classes)
    if len(counts) > classes or not counts.all():
        raise ValueError(
            f"the model has {classes} classes, and each needs an image to fit on; images per class: {counts.tolist()}"
        )
    return classes, [features(seen[name]) for name in layers]
