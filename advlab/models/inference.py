"""Running a model without changing it: evaluation mode with every flag put back, logits in small chunks."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

CHUNK = 100  # images; larger ones fall out of the processor's cache


@contextmanager
def evaluation_mode(model: nn.Module) -> Iterator[None]:
    """`model.eval()` for the block; then each sub-module gets its own training flag back, frozen ones too."""
    training = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, flag in training:
            module.training = flag


def device_of(model: nn.Module) -> torch.device:
    """The device of the model's parameters; the CPU for a model that has none."""
    return next((parameter.device for parameter in model.parameters()), torch.device("cpu"))


def logits(model: nn.Module, images: Float[Tensor, "batch *shape"]) -> Float[Tensor, "batch classes"]:
    """The model's logits in evaluation mode, without gradients; on the images' device.

    Raises:
        ValueError: an empty batch.
    """
    if len(images) == 0:
        raise ValueError("empty batch: there is no image to classify")
    device = device_of(model)
    with evaluation_mode(model), torch.no_grad():
        return torch.cat([model(chunk.to(device)).to(images.device) for chunk in images.split(CHUNK)])


def predict(model: nn.Module, images: Float[Tensor, "batch *shape"]) -> Int[Tensor, " batch"]:
    """The class of the largest logit; the first of equal ones."""
    return logits(model, images).argmax(dim=1)
