"""Files of adversarial images, with all that it takes to check them."""

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
    """Adversarial images with all that it takes to check them.

    Args:
        images: the originals, in [0, 1].
        adversarial: what became of them.
        labels: the true classes.
        index: where each original stands in the set that it was taken from.
        epsilon: radius of the ball that they claim to lie in, in pixel units.
        norm: of that ball.
        model: the name of the model of the book that they claim to fool; "" for another.
    """

    images: Tensor
    adversarial: Tensor
    labels: Tensor
    index: Tensor
    epsilon: float
    norm: Norm
    model: str = ""

    def to_bytes(self) -> bytes:
        """The content of a .safetensors file that `load` reads."""
        about = json.dumps({"epsilon": self.epsilon, "norm": self.norm, "model": self.model}, sort_keys=True)
        arrays = {"images": self.images, "adversarial": self.adversarial, "labels": self.labels, "index": self.index}
        arrays = {name: tensor.contiguous() for name, tensor in arrays.items()}
        return safetensors.torch.save(arrays, metadata={METADATA: about})

    def save(self, path: Path) -> None:
        """Writes them to a .safetensors file."""
        path.write_bytes(self.to_bytes())


def load(path: Path, *, epsilon: float | None = None, norm: Norm | None = None) -> Examples:
    """Reads a .safetensors or .npz file. What is given here stands above what the file claims.

    Where a file holds no originals, they are the bundled MNIST test images that its "index" names; labels likewise.

    Raises:
        UsageError: no such file, arrays or metadata missing, or arrays that do not fit each other.
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
        raise UsageError(f"{path} holds no image at all")
    if not images.is_floating_point() or not adversarial.is_floating_point():
        raise UsageError(f"{path}: images must be floating point in [0, 1], got {adversarial.dtype}")
    epsilon = about.get("epsilon") if epsilon is None else epsilon
    norm = about.get("norm", "Linf") if norm is None else norm
    if not isinstance(epsilon, int | float) or norm not in ("Linf", "L2"):
        raise UsageError(f"{path} does not say its epsilon (pixel units) and norm (Linf or L2): give them")
    return Examples(images, adversarial, labels, index, float(epsilon), norm, str(about.get("model", "")))
