"""What a defense asks of its input before any work: each error names the argument, its value and the likely cause."""

import math

import torch
from torch import Tensor, nn


def check_images(images: object, model: nn.Module) -> None:
    """Raises TypeError or ValueError unless `images` are a batch in [0, 1], of the dtype of the model's parameters."""
    if not isinstance(images, Tensor):
        raise TypeError(f"images must be a torch.Tensor, got {type(images).__name__}")
    if not images.is_floating_point():
        raise TypeError(f"images must be floating point in [0, 1], got {images.dtype}: divide by 255?")
    if images.ndim < 2 or images.numel() == 0:
        raise ValueError(f"images must be a batch, [batch, *shape], and not empty; got {list(images.shape)}")
    dtype = next((p.dtype for p in model.parameters() if p.is_floating_point()), images.dtype)
    if images.dtype != dtype:
        raise TypeError(f"images are {images.dtype}, the model's parameters {dtype}: convert one of them")
    low, high = (float(end) for end in images.detach().aminmax())
    if not (low >= 0 and high <= 1):  # NaN is neither
        raise ValueError(f"images must lie in [0, 1], got [{low:.4g}, {high:.4g}]: already normalised?")


def check_labels(labels: object, images: Tensor, classes: int) -> None:
    """Raises TypeError or ValueError unless there is one class in 0..classes-1 for each image."""
    if not isinstance(labels, Tensor) or labels.dtype not in (torch.int64, torch.int32, torch.uint8):
        given = labels.dtype if isinstance(labels, Tensor) else type(labels).__name__
        raise TypeError(f"labels must be a tensor of whole numbers, got {given}")
    if labels.shape != images.shape[:1]:
        raise ValueError(f"labels must have shape [{len(images)}], one for each image; got {list(labels.shape)}")
    low, high = (int(end) for end in labels.aminmax())
    if low < 0 or high >= classes:
        raise ValueError(f"labels must lie in 0..{classes - 1} for this model, got {low}..{high}")


def check_epsilon(epsilon: object) -> None:
    """Raises TypeError or ValueError unless epsilon is an L-infinity radius in pixel units, in [0, 1]."""
    if isinstance(epsilon, bool) or not isinstance(epsilon, int | float):
        raise TypeError(f"epsilon must be a float in pixel units, [0, 1]; got {type(epsilon).__name__}")
    if not 0 <= epsilon <= 1:
        hint = f": {epsilon:g}/255?" if math.isfinite(epsilon) and epsilon > 1 else ""
        raise ValueError(f"epsilon must lie in [0, 1], in units of a pixel; got {epsilon:g}{hint}")


def check_share(name: str, value: object) -> None:
    """Raises ValueError unless `value` is a number in [0, 1]."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError(f"{name} must lie in [0, 1], got {value!r}")
