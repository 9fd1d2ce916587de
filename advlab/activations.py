"""Activations inside a network, recorded by forward hooks that are always removed, and their drift."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import TracebackType

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from advlab.models.inference import CHUNK, logits


class NothingToHook(LookupError):
    """No layer of the model matches. Without this error, hooks that attach to nothing would show an empty network."""


@dataclass(frozen=True)
class Statistics:
    """Statistics of a layer's outputs over some images, in the layer's own units; fractions lie in [0, 1].

    Args:
        mean: over all outputs and images.
        std: standard deviation over all outputs and images, without correction.
        min: the smallest output.
        max: the largest output.
        share_silent: fraction of all outputs that are exactly 0.
        share_dead: fraction of all neurons that are 0 on every image.
    """

    mean: float
    std: float
    min: float
    max: float
    share_silent: float
    share_dead: float


class Activations(Mapping[str, Tensor]):
    """Mapping from layer name to the layer's outputs `[images, *shape]`, recorded while the `with` block runs.

    A module used at several places yields the outputs of all of them, one after another, if they have one shape.

    Args:
        model: runs as usual; only its outputs are read.
        layers: names as in `model.named_modules()`; None for every layer of `kind`.
        kind: the class of layer to hook when no names are given.

    Raises:
        NothingToHook: no layer has that name or kind. A model that calls `F.relu` has no `nn.ReLU` to hook.
        ValueError: while the model runs: a layer is used at several places, whose outputs differ in shape.
        LookupError: on reading a layer that has not run.

    Source: advlab's own: forward hooks of torch, with a check that they found something.

    >>> from advlab.models import SimpleCNN
    >>> with Activations(SimpleCNN()) as seen:
    ...     _ = seen.model(torch.zeros(2, 1, 28, 28))
    >>> {name: tuple(output.shape) for name, output in seen.items()}
    {'relu1': (2, 32, 28, 28), 'relu2': (2, 64, 14, 14), 'relu3': (2, 128)}
    """

    def __init__(
        self, model: nn.Module, layers: Sequence[str] | None = None, *, kind: type[nn.Module] = nn.ReLU
    ) -> None:
        self.model = model
        self._modules = _matching(model, layers, kind)
        self._batches: dict[str, list[Tensor]] = {}
        self._handles: list[RemovableHandle] = []

    def __enter__(self) -> "Activations":
        self._batches = {name: [] for name in self._modules}
        for name, module in self._modules.items():
            self._handles.append(module.register_forward_hook(partial(self._keep, name)))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._handles:
            self._handles.pop().remove()

    def _keep(self, name: str, module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        kept = self._batches[name]
        if kept and kept[0].shape[1:] != output.shape[1:]:
            raise ValueError(
                f"layer {name!r} returned {list(kept[0].shape[1:])}, then {list(output.shape[1:])} for an image: "
                "outputs of one module used at several places cannot be kept apart; give each place its own module"
            )
        kept.append(output.detach().clone())  # a clone, because the next layer may work in place

    def __getitem__(self, name: str) -> Tensor:
        batches = self._batches[name]
        if not batches:
            raise LookupError(f"layer {name!r} has not run: call the model inside the `with` block")
        return torch.cat(batches)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)

    def statistics(self) -> dict[str, Statistics]:
        """The statistics of each layer over all images seen. Raises LookupError if a layer has not run."""
        return {name: _statistics(output) for name, output in self.items()}


def relative_drift(
    model: nn.Module,
    images: Float[Tensor, "batch *shape"],
    perturbed: Float[Tensor, "batch *shape"],
    layers: Sequence[str] | None = None,
) -> dict[str, float]:
    """The relative change that a perturbation causes in each layer, averaged over the images.

    For each layer this is the mean over images of |a(x') - a(x)| / |a(x)|, in L2, from "input" (pixels) through the
    layers to "logits". An image for which a layer outputs only zeros has no relative drift and is left out of that
    layer's mean.

    Args:
        model: takes pixels in [0, 1], returns logits `[batch, classes]`.
        images: `[batch, *shape]`, the originals, in [0, 1].
        perturbed: `[batch, *shape]`, the same images after the perturbation.
        layers: names as in `model.named_modules()`; None for every `nn.ReLU`.

    Returns:
        Drift by layer name, 0 or more; NaN for a layer that outputs only zeros on every image.

    Raises:
        ValueError: the shapes of `images` and `perturbed` differ, or the batch is empty; a layer is used at several
            places with outputs of different shapes.
        NothingToHook: the model has no such layer; see `Activations`.

    Source: advlab's own: the usual relative error, taken layer by layer.
    """
    if images.shape != perturbed.shape or len(images) == 0:
        raise ValueError(
            "images and perturbed must be non-empty batches of one shape, "
            f"got {list(images.shape)} and {list(perturbed.shape)}"
        )
    drifts: dict[str, list[Tensor]] = {}
    for before, after in zip(images.split(CHUNK), perturbed.split(CHUNK), strict=True):
        clean, moved = _outputs(model, before, layers), _outputs(model, after, layers)
        for name in clean:
            drifts.setdefault(name, []).append(_drift(clean[name], moved[name]))
    return {name: float(torch.cat(of_images).nanmean()) for name, of_images in drifts.items()}


def _outputs(model: nn.Module, images: Tensor, layers: Sequence[str] | None) -> dict[str, Tensor]:
    with Activations(model, layers) as seen:
        out = logits(model, images)
    return {"input": images, **seen, "logits": out}


def _drift(before: Tensor, after: Tensor) -> Tensor:
    size = before.flatten(1).norm(dim=1)
    return torch.where(size > 0, (after - before).flatten(1).norm(dim=1) / size, torch.nan)


def _matching(model: nn.Module, layers: Sequence[str] | None, kind: type[nn.Module]) -> dict[str, nn.Module]:
    modules = dict(model.named_modules())
    if layers is None:
        found = {name: module for name, module in modules.items() if isinstance(module, kind)}
        if not found:
            raise NothingToHook(
                f"{type(model).__name__} has no {kind.__name__} module. Hooks attach to modules: "
                "a model that calls a function, like F.relu, has nothing to hook there"
            )
        return found
    unknown = [name for name in layers if name not in modules]
    if unknown or not layers:
        raise NothingToHook(f"no layer {unknown or layers} in {type(model).__name__}; it has {sorted(modules)[1:]}")
    return {name: modules[name] for name in layers}


def _statistics(output: Tensor) -> Statistics:
    silent = output == 0
    return Statistics(
        mean=float(output.mean()),
        std=float(output.std(correction=0)),
        min=float(output.min()),
        max=float(output.max()),
        share_silent=float(silent.float().mean()),
        share_dead=float(silent.all(dim=0).float().mean()),
    )
