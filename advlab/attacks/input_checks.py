"""Checks of input before any work: each error names the argument, its value and the likely cause."""

import math

import torch
from torch import Tensor, nn


def check_images(images: object, model: nn.Module, pictures: bool = False) -> None:
    """Checks that images are a batch in [0, 1], in the dtype of the model's parameters.

    Args:
        images: `[batch, *shape]`, in [0, 1], floating point, not empty.
        model: its parameters set the dtype; a model without any accepts every floating-point dtype.
        pictures: True: the images must have channels, height and width.

    Raises:
        TypeError: `images` is not a tensor, not floating point, or in another dtype than the model's parameters.
        ValueError: `images` is not a batch, is empty, or holds NaN, infinity or values outside [0, 1].

    Source: advlab's own: a check of input.
    """
    if not isinstance(images, Tensor):
        raise TypeError(f"images must be a torch.Tensor, got {type(images).__name__}")
    if not images.is_floating_point():
        raise TypeError(f"images must be floating point in [0, 1], got {images.dtype}: divide by 255?")
    if images.ndim < 2 or images.numel() == 0:
        raise ValueError(f"images must be a batch, [batch, *shape], and not empty; got {list(images.shape)}")
    if pictures and images.ndim != 4:
        raise ValueError(f"images must be pictures [batch, channels, height, width], got {list(images.shape)}")
    dtype = next((p.dtype for p in model.parameters() if p.is_floating_point()), images.dtype)
    if images.dtype != dtype:
        raise TypeError(f"images are {images.dtype}, the model's parameters {dtype}: convert one of them")
    low, high = (float(end) for end in images.detach().aminmax())
    if not math.isfinite(low + high):  # aminmax propagates NaN
        raise ValueError("images must be finite, but hold NaN or infinity")
    if low < 0 or high > 1:
        raise ValueError(
            f"images must lie in [0, 1], got [{low:.4g}, {high:.4g}]: already normalised? "
            "Put the normalisation inside the model (advlab.models.Normalize)"
        )


def check_classes(name: str, given: object, images: Tensor, classes: int) -> None:
    """Checks that there is one whole number in 0..classes-1 for each image.

    Args:
        name: of the argument, for the message: "labels" or "targets".
        given: `[batch]`, whole numbers.
        images: `[batch, *shape]`, whose number and device count.
        classes: number of the model's classes.

    Raises:
        TypeError: `given` is not a tensor, or not of whole numbers.
        ValueError: the numbers of images and classes given differ, the devices differ, or a class is out of range.

    Source: advlab's own: a check of input.
    """
    if not isinstance(given, Tensor):
        raise TypeError(f"{name} must be a torch.Tensor, got {type(given).__name__}")
    if given.is_floating_point() or given.is_complex() or given.dtype == torch.bool:
        raise TypeError(f"{name} must be whole numbers, got {given.dtype}")
    if given.shape != images.shape[:1]:
        raise ValueError(f"{name} must have shape [{len(images)}], one for each image; got {list(given.shape)}")
    if given.device != images.device:
        raise ValueError(f"{name} are on {given.device}, images on {images.device}")
    low, high = (int(end) for end in given.aminmax())
    if low < 0 or high >= classes:
        raise ValueError(f"{name} must lie in 0..{classes - 1} for this model, got {low}..{high}")


def check_epsilon(epsilon: object, norm: str = "Linf") -> None:
    """Checks that epsilon is a radius in pixel units; for L-infinity, in [0, 1].

    Args:
        epsilon: a finite number, 0 or more.
        norm: "Linf" also demands epsilon <= 1; other norms do not.

    Raises:
        TypeError: epsilon is not a number.
        ValueError: epsilon is negative, not finite, or above 1 in L-infinity.

    Source: advlab's own: a check of input.
    """
    if isinstance(epsilon, bool) or not isinstance(epsilon, int | float):
        raise TypeError(f"epsilon must be a float in pixel units, [0, 1]; got {type(epsilon).__name__}")
    if not math.isfinite(epsilon) or epsilon < 0:
        raise ValueError(f"epsilon must be a finite number {'in [0, 1]' if norm == 'Linf' else '>= 0'}, got {epsilon}")
    if epsilon > 1 and norm == "Linf":
        raise ValueError(f"epsilon must lie in [0, 1], in pixel units; got {epsilon:g}: {epsilon:g}/255?")


def check_share(name: str, value: object) -> None:
    """Checks that `value` is a number in [0, 1].

    Args:
        name: of the argument, for the message.
        value: the fraction.

    Raises:
        ValueError: `value` is not a number in [0, 1].

    Source: advlab's own: a check of input.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError(f"{name} must lie in [0, 1], got {value!r}")
