"""Files of adversarial images, with all that is needed to check them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import safetensors.torch
import torch
from torch import Tensor

from advlab import data
from advlab.verify.arrays import METADATA, load_arrays
from advlab.verify.loading import UsageError

Norm = Literal["Linf", "L2"]


@dataclass(frozen=True)
class Examples:
    """Adversarial images with all that is needed to check them.

    Args:
        images: [n, *shape], the originals, in [0, 1].
        adversarial: [n, *shape], the changed images.
        labels: [n], the true classes.
        index: [n], the position of each original in the set that it was taken from.
        epsilon: radius of the ball that they claim to lie in, in pixel units.
        norm: of that ball, "Linf" or "L2".
        model: the name of the model of the book that they claim to fool; "" for another.

    Source: advlab's own: what a check needs to be given.
    """

    images: Tensor
    adversarial: Tensor
    labels: Tensor
    index: Tensor
    epsilon: float
    norm: Norm
    model: str = ""

    def to_bytes(self) -> bytes:
        """Content of a .safetensors file that `load` reads."""
        about = json.dumps({"epsilon": self.epsilon, "norm": self.norm, "model": self.model}, sort_keys=True)
        arrays = {"images": self.images, "adversarial": self.adversarial, "labels": self.labels, "index": self.index}
        arrays = {name: tensor.contiguous() for name, tensor in arrays.items()}
        return safetensors.torch.save(arrays, metadata={METADATA: about})

    def save(self, path: Path) -> None:
        """Write them to a .safetensors file."""
        path.write_bytes(self.to_bytes())


def load(path: Path, *, epsilon: float | None = None, norm: Norm | None = None) -> Examples:
    """Adversarial images from a .safetensors or .npz file.

    If the file holds no originals, they are the bundled MNIST test images that its "index" names; the same goes for
    labels.

    Args:
        path: a file with "adversarial", and with "images" and "labels", or "index".
        epsilon: radius of the ball, in pixel units; None for what the file says. It replaces the file's.
        norm: "Linf" or "L2"; None for what the file says, or else "Linf". It replaces the file's.

    Raises:
        UsageError: there is no such file; arrays, or the epsilon, are missing; the arrays do not fit each other, are
            empty or not floating point; the index is not one of MNIST test images.

    Source: advlab's own: its file of adversarial images.
    """
    arrays, about = load_arrays(path)
    if "adversarial" not in arrays:
        raise UsageError(f"{path} holds no 'adversarial' images; it holds {', '.join(arrays) or 'nothing'}")
    adversarial = arrays["adversarial"]
    index = arrays.get("index", torch.arange(len(adversarial))).long()
    if "images" not in arrays or "labels" not in arrays:
        if "index" not in arrays:
            raise UsageError(f"{path} holds neither images and labels nor the index of MNIST test images")
        test = data.mnist("test")
        if len(index) and not (int(index.min()) >= 0 and int(index.max()) < len(test)):
            raise UsageError(f"{path}: the index goes beyond the {len(test)} MNIST test images")
        arrays = {"images": test.images[index], "labels": test.labels[index], **arrays}
    images, labels = arrays["images"], arrays["labels"].long()
    if images.shape != adversarial.shape or labels.shape != images.shape[:1] or index.shape != labels.shape:
        shapes = {name: list(tensor.shape) for name, tensor in arrays.items()}
        raise UsageError(f"{path}: the arrays do not fit each other: {shapes}")
    if not len(images):
        raise UsageError(f"{path} holds no image at all: its arrays are empty")
    if not images.is_floating_point() or not adversarial.is_floating_point():
        raise UsageError(
            f"{path}: images and adversarial must be floating point in [0, 1], got {images.dtype} and "
            f"{adversarial.dtype}: divide by 255?"
        )
    epsilon = about.get("epsilon") if epsilon is None else epsilon
    norm = about.get("norm", "Linf") if norm is None else norm
    if not isinstance(epsilon, int | float) or norm not in ("Linf", "L2"):
        raise UsageError(f"{path} does not say its epsilon (in pixel units) or norm (Linf or L2): give them")
    return Examples(images, adversarial, labels, index, float(epsilon), norm, str(about.get("model", "")))
