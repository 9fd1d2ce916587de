"""Properties of a model before any attack: its outputs, its modes, its gradients. The model is not changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from advlab.models.inference import device_of, evaluation_mode, predict
from advlab.verify.loading import ModelError

#: Number of images that the probes examine.
PROBED = 64
#: Outputs that differ by less than this fraction of the largest one are equal: other batch sizes round differently.
ROUNDING = 1e-3

Output = Literal["logits", "softmax", "log-softmax"]


@dataclass(frozen=True)
class Probe:
    """What was seen of a model. Fractions are of the probed images, in [0, 1].

    Args:
        classes: the number of outputs per image.
        output: the kind of outputs, judged by their sums.
        random: fraction whose outputs differ between two calls in evaluation mode.
        random_answers: fraction whose predicted class differs between those calls.
        training: fraction whose outputs differ between the mode the model came in and evaluation mode.
        left_training: the number of sub-modules that came in training mode.
        neighbours: fraction whose outputs depend on the other images of the batch.
        gradient: whether autograd finds any path from the outputs to the images.

    Source: advlab's own, for the pitfalls that Carlini et al. 2019 (arXiv 1902.06705) list.
    """

    classes: int
    output: Output
    random: float
    random_answers: float
    training: float
    left_training: int
    neighbours: float
    gradient: bool


def probe(model: nn.Module, images: Tensor, labels: Tensor) -> Probe:
    """Examine a model on the first images.

    Args:
        model: in the mode it was handed over in.
        images: [n, *shape], in [0, 1], at least one; the first 64 are used.
        labels: [n], the true classes, from 0.

    Raises:
        ModelError: the model fails, writes to its input, or does not return finite logits [batch, classes] that fit the
            labels.

    Source: advlab's own, for the pitfalls that Carlini et al. 2019 (arXiv 1902.06705) list.
    """
    images = images[:PROBED].to(device_of(model))
    modules = list(model.modules())
    left = sum(module.training for module in modules)
    with _buffers_kept(model):
        given = _outputs(model, images) if left else None
    with evaluation_mode(model):
        first, second = _outputs(model, images), _outputs(model, images)
        alone = torch.cat([_outputs(model, images[i : i + 1]) for i in range(min(4, len(images)))])
        gradient = _has_gradient(model, images)
    classes = first.shape[1]
    if int(labels.max()) >= classes:
        raise ModelError(
            f"labels go up to {int(labels.max())}, but the model has {classes} outputs, for classes 0 to {classes - 1}"
        )
    random = _differing(first, second)
    return Probe(
        classes=classes,
        output=output_kind(first),
        random=random,
        random_answers=float((first.argmax(1) != second.argmax(1)).float().mean()),
        training=0.0 if given is None or random else _differing(given, first),
        left_training=left,
        neighbours=0.0 if random else _differing(alone, first[: len(alone)]),
        gradient=gradient,
    )


def output_kind(outputs: Tensor) -> Output:
    """Kind of outputs: probabilities (not negative, rows sum to 1), logarithms of such, or else logits."""
    one = torch.ones(len(outputs), device=outputs.device, dtype=outputs.dtype)
    if outputs.min() >= 0 and torch.allclose(outputs.sum(1), one, rtol=0, atol=1e-3):
        return "softmax"
    if outputs.max() <= 0 and torch.allclose(outputs.exp().sum(1), one, rtol=0, atol=1e-3):
        return "log-softmax"
    return "logits"


def right_after(model: nn.Module, images: Tensor, labels: Tensor) -> dict[str, list[bool]]:
    """Verdicts on images as pixels, and in each other unit in which a model may have been trained.

    Args:
        model: takes images, returns logits; it is run in evaluation mode.
        images: [n, *shape], in [0, 1], at least one.
        labels: [n], the true classes.

    Returns:
        For each unit, by its name, and for each image: whether it is classified correctly.

    Source: advlab's own: an epsilon in pixels means nothing to a model that expects another unit.
    """
    flat = images.transpose(0, 1).flatten(1)
    shape = [1, -1] + [1] * (images.ndim - 2)
    mean, std = flat.mean(1).view(shape), flat.std(1).clamp_min(1e-6).view(shape)
    units = {
        "pixels": images,
        "standardised": (images - mean) / std,
        "[-1, 1]": 2 * images - 1,
        "0 to 255": images * 255,
    }
    return {name: (predict(model, given) == labels).tolist() for name, given in units.items()}


def _outputs(model: nn.Module, images: Tensor) -> Tensor:
    given = images.clone()
    try:
        with torch.no_grad():
            outputs = model(given)
    except Exception as error:  # whatever a user's model does
        raise ModelError(
            f"the model fails on a batch of images {list(images.shape)}: {type(error).__name__}: {error}"
        ) from error
    if not torch.equal(given, images):
        raise ModelError(
            "the model writes to its input (an in-place operation on the images?), which would mislead every attack: "
            "let it work on a copy"
        )
    if not isinstance(outputs, Tensor) or outputs.ndim != 2 or len(outputs) != len(images) or outputs.shape[1] < 2:
        shape = list(outputs.shape) if isinstance(outputs, Tensor) else type(outputs).__name__
        raise ModelError(f"the model must return logits [{len(images)}, classes] for {len(images)} images, got {shape}")
    if not outputs.isfinite().all():
        raise ModelError("the model returns NaN or infinity for clean images")
    return outputs.float()


def _differing(one: Tensor, other: Tensor) -> float:
    """Fraction of rows that differ by more than rounding."""
    scale = float(torch.maximum(one.abs().max(), other.abs().max()))
    return float(((one - other).abs().amax(1) > ROUNDING * max(scale, 1e-30)).float().mean())


def _has_gradient(model: nn.Module, images: Tensor) -> bool:
    images = images.clone().requires_grad_()
    with torch.enable_grad():
        outputs = model(images)
        if not outputs.requires_grad:
            return False
        (gradient,) = torch.autograd.grad(outputs.sum(), images, allow_unused=True)
    return gradient is not None


@contextmanager
def _buffers_kept(model: nn.Module) -> Iterator[None]:
    """Restore the model's buffers after the block: a forward pass in training mode updates running averages."""
    kept = [(buffer, buffer.clone()) for buffer in model.buffers()]
    try:
        yield
    finally:
        with torch.no_grad():
            for buffer, before in kept:
                buffer.copy_(before)


class Connected(nn.Module):
    """A model without a gradient, as one whose gradient is zero: gradient attacks run, and get nowhere.

    Args:
        model: takes pixels in [0, 1], returns logits.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> Tensor:
        """The model's logits, [batch, classes]."""
        return self.model(images) + 0 * images.flatten(1).sum(1, keepdim=True)
