"""Runs a model without changing it: evaluation mode with every flag restored, logits in small chunks."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

CHUNK = 100  # images; larger chunks do not fit into the processor's cache


@contextmanager
def evaluation_mode(model: nn.Module) -> Iterator[None]:
    """Sets evaluation mode for a `with` block, then restores each sub-module's own training flag, frozen ones too."""
    training = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, flag in training:
            module.training = flag


def device_of(model: nn.Module) -> torch.device:
    """The device of the model's parameters; the CPU for a model without parameters."""
    return next((parameter.device for parameter in model.parameters()), torch.device("cpu"))


def logits(model: nn.Module, images: Float[Tensor, "batch *shape"]) -> Float[Tensor, "batch classes"]:
    """The model's logits in evaluation mode, without gradients, on the images' device.

    Args:
        model: takes pixels in [0, 1], returns logits; its training flags stay unchanged.
        images: `[batch, *shape]`, in [0, 1]; run in chunks of 100.

    Returns:
        `[batch, classes]`.

    Raises:
        ValueError: an empty batch.

    Source: advlab's own: a loop over chunks that stay in the processor's cache.
    """
    if len(images) == 0:
        raise ValueError("empty batch: images must hold at least one image")
    device = device_of(model)
    with evaluation_mode(model), torch.no_grad():
        return torch.cat([model(chunk.to(device)).to(images.device) for chunk in images.split(CHUNK)])


def predict(model: nn.Module, images: Float[Tensor, "batch *shape"]) -> Int[Tensor, " batch"]:
    """The class of the largest logit of each image; the first one in a tie.

    Args:
        model: takes pixels in [0, 1], returns logits; its training flags stay unchanged.
        images: `[batch, *shape]`, in [0, 1].

    Returns:
        `[batch]`, in 0..classes-1.

    Raises:
        ValueError: an empty batch.

    Source: advlab's own: argmax over `logits`.
    """
    return logits(model, images).argmax(dim=1)
