"""The checks and the care that every attack needs, in one decorator, so that an attack's file holds only its paper."""

import inspect
import math
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar, cast

import torch
from torch import Tensor, nn

from advlab.attacks.input_checks import check_classes, check_epsilon, check_images
from advlab.models.inference import CHUNK, device_of, evaluation_mode
from advlab.models.rewriting import for_attacks

Body = TypeVar("Body", bound=Callable[..., Tensor])


def attack(body: Body) -> Body:
    """Decorator that turns `body(model, images, labels, ...)`, the bare algorithm, into an attack that is safe to call.

    It first checks the input. Then it runs the body in evaluation mode, on the model's device, in chunks of 100 images,
    on an equivalent faster copy of the model where there is one (`advlab.models.rewriting.for_attacks`). The caller's
    tensors, the parameters' gradients and the training flag of every sub-module stay unchanged; the result is detached
    and on the images' device.

    A body may take `epsilon` (an attack of minimum norm does not), `norm`, and two more arguments with one entry for
    each image: `targets` (classes) and `starts` (images). These are cut into chunks together with `images` and
    `labels`.

    Args:
        body: takes at least `model`, `images` and `labels`; returns a tensor with one entry for each image.

    Returns:
        A function with the signature of `body`.

    Raises:
        ValueError: when the attack is called: epsilon is not finite, negative, or above 1 in L-infinity; `norm` is
            neither "Linf" nor "L2"; images are empty, outside [0, 1], not finite, or flat where the body's annotation
            asks for height and width; labels, targets or starts do not fit the images or the model's classes; devices
            differ; a count (steps, restarts, queries, ...) is below 1 or a size (step_size, ...) is not above 0; the
            model does not return finite logits `[batch, classes]`.
        TypeError: when the attack is called: epsilon is not a number; images, labels or targets are not tensors or have
            the wrong dtype; the images' dtype is not that of the model's parameters.

    Source: advlab's own: what any attack needs around its algorithm.
    """
    signature = inspect.signature(body)
    pictures = "height" in getattr(signature.parameters["images"].annotation, "dim_str", "")

    @wraps(body)
    def safe(*args: Any, **kwargs: Any) -> Tensor:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        given = bound.arguments
        model, images = given.pop("model"), given.pop("images")
        per_image = {"labels": given.pop("labels")}
        for name in ("targets", "starts"):
            if given.get(name) is not None:
                per_image[name] = given.pop(name)
        norm = given.get("norm", "Linf")
        if norm not in ("Linf", "L2"):
            raise ValueError(f"norm must be 'Linf' or 'L2', got {norm!r}")
        if "epsilon" in given:
            check_epsilon(given["epsilon"], norm)
            given["epsilon"] = float(given["epsilon"])
        _check_numbers(given)
        check_images(images, model, pictures)
        # Gradients are needed even if the caller is in no_grad or inference_mode.
        with evaluation_mode(model), torch.inference_mode(False), torch.enable_grad():
            images, device = _plain(images), device_of(model)
            classes = _classes(model, images[:1].to(device))
            for name, of in per_image.items():
                if name == "starts":
                    _check_starts(of, images)
                else:
                    check_classes(name, of, images, classes)
            chunks, fast = [], for_attacks(model)
            for start in range(0, len(images), CHUNK):
                part = slice(start, start + CHUNK)
                wanted = {name: _plain(of[part]).to(device) for name, of in per_image.items()}
                wanted = {name: of if of.is_floating_point() else of.long() for name, of in wanted.items()}
                result = body(model=fast, images=images[part].to(device), **wanted, **given)
                chunks.append(result.detach().to(images.device))
        return torch.cat(chunks)

    return cast(Body, safe)


def _plain(tensor: Tensor) -> Tensor:
    """The tensor without history; a copy of a tensor made in inference mode, on which autograd refuses to work."""
    return tensor.clone() if tensor.is_inference() else tensor.detach()


#: Keyword arguments of any attack that are counts.
COUNTS = ("steps", "restarts", "queries", "search_steps", "samples")
#: Keyword arguments of any attack that are sizes; None leaves the choice to the attack.
SIZES = ("step_size", "learning_rate", "initial_c")


def _check_numbers(given: Mapping[str, object]) -> None:
    for name in COUNTS:
        value = given.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
            raise ValueError(f"{name} must be a whole number of at least 1, got {value!r}")
    for name in SIZES:
        value = given.get(name)
        if value is not None and not (isinstance(value, int | float) and math.isfinite(value) and value > 0):
            raise ValueError(f"{name} must be a finite number above 0, got {value!r}")


def _check_starts(starts: object, images: Tensor) -> None:
    if not isinstance(starts, Tensor) or starts.shape != images.shape or starts.dtype != images.dtype:
        raise ValueError(f"starts must be a tensor of the images' shape and dtype, {list(images.shape)} {images.dtype}")
    low, high = (float(end) for end in starts.detach().aminmax())
    if not (low >= 0 and high <= 1):
        raise ValueError(f"starts must lie in [0, 1], got [{low:.4g}, {high:.4g}]")


def _classes(model: nn.Module, image: Tensor) -> int:
    """The number of logits that the model returns for one image."""
    with torch.no_grad():
        logits = model(image)
    if not isinstance(logits, Tensor) or logits.ndim != 2 or len(logits) != 1 or logits.shape[1] < 2:
        shape = list(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
        raise ValueError(
            f"the model must return logits [batch, classes] of at least two classes; for one image it returned {shape}"
        )
    if not logits.isfinite().all():  # the sign of a NaN gradient is 0: the attack would do nothing
        raise ValueError("the model's logits are not finite for the first image")
    return logits.shape[1]
