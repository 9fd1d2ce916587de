"""The labelled images of an audit: those of a file, of a user's function, of tensors or a DataLoader, or MNIST's."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from advlab import data
from advlab.verify.arrays import load_arrays
from advlab.verify.loading import FORM, UsageError, called, named

#: Images beside the audited ones on which a surrogate may be trained.
POOL = 2000


@dataclass(frozen=True)
class Data:
    """The images of an audit, and others of the same kind (perhaps none): to train a surrogate on, to find the unit.

    `index` says where each image stands in the set that it was taken from.
    """

    images: Tensor
    labels: Tensor
    index: Tensor
    pool: Tensor
    pool_labels: Tensor
    source: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the audited images and labels, as float32 and int64 bytes."""
        digest = hashlib.sha256(self.images.float().contiguous().numpy().tobytes())
        digest.update(self.labels.long().contiguous().numpy().tobytes())
        return digest.hexdigest()


def load_data(spec: str | None, count: int, seed: int) -> Data:
    """`count` images to audit. Of MNIST the stratified subset that the book uses; of other sets, drawn by `seed`.

    Args:
        spec: a .npz or .safetensors file with "images" and "labels"; `package.module:function`, which returns a
            DataLoader or a pair (images, labels); None for the bundled MNIST test set.

    Raises:
        UsageError: no such file or function, not the right content, fewer than `count` images.
        ModelError: the function fails.
    """
    if spec is None:
        return _mnist(count)
    if Path(spec).suffix in (".npz", ".safetensors"):
        return drawn(_read(Path(spec)), count, seed, Path(spec).name)
    if ":" not in spec:
        raise UsageError(f"{spec!r} is neither a .npz or .safetensors file nor of the form {FORM}")
    made = called(spec, named(spec))
    if not isinstance(made, Iterable):
        raise UsageError(f"{spec} must return a DataLoader or a pair (images, labels), not {type(made).__name__}")
    return drawn(made, count, seed, spec)


def _mnist(count: int) -> Data:
    test = data.mnist("test")
    if not 1 <= count <= len(test):
        raise UsageError(f"the bundled MNIST test set has {len(test)} images, {count} were asked for")
    index = data.indices(count)
    pool = data.subset(POOL, "train")
    return Data(test.images[index], test.labels[index], index, pool.images, pool.labels, "MNIST test set (bundled)")


def _read(path: Path) -> tuple[Tensor, Tensor]:
    arrays, _ = load_arrays(path)
    for name in ("images", "labels"):
        if name not in arrays:
            raise UsageError(f"{path} has no {name!r}; it holds {', '.join(arrays) or 'nothing'}")
    return arrays["images"], arrays["labels"]


def drawn(given: Iterable, count: int, seed: int, source: str) -> Data:
    """`count` images drawn by `seed` from a pair (images, labels) or the batches of a DataLoader.

    Raises:
        UsageError: not images in [0, 1] with one label each, or fewer than `count`.
    """
    images, labels = given if _is_pair(given) else _collected(given, count + POOL)
    _check(images, labels, count, source)
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(seed))
    index = order[:count].sort().values
    rest = order[count : count + POOL]
    return Data(images[index], labels[index].long(), index, images[rest], labels[rest].long(), source)


def _is_pair(given: Iterable) -> bool:
    return isinstance(given, tuple | list) and len(given) == 2 and isinstance(given[0], Tensor)


def _collected(batches: Iterable, enough: int) -> tuple[Tensor, Tensor]:
    """The first batches of a loader, until there are enough images."""
    images: list[Tensor] = []
    labels: list[Tensor] = []
    for batch in batches:
        if not (isinstance(batch, tuple | list) and len(batch) == 2 and all(isinstance(x, Tensor) for x in batch)):
            raise UsageError(f"a batch of the data must be a pair of tensors (images, labels), not {_shape(batch)}")
        images.append(batch[0].detach().cpu())
        labels.append(batch[1].detach().cpu())
        if sum(map(len, labels)) >= enough:
            break
    if not images:
        raise UsageError("the data holds no batch at all")
    return torch.cat(images), torch.cat(labels)


def _shape(batch: object) -> str:
    parts = [type(one).__name__ for one in batch] if isinstance(batch, tuple | list) else []
    return f"{type(batch).__name__}({', '.join(parts)})" if parts else type(batch).__name__


def _check(images: object, labels: object, count: int, source: str) -> None:
    if not isinstance(images, Tensor) or not isinstance(labels, Tensor):
        raise UsageError(f"{source}: images and labels must be tensors")
    if not images.is_floating_point():
        raise UsageError(f"{source}: images are {images.dtype}; divide by 255 and keep them as float32 in [0, 1]")
    if images.ndim < 2 or labels.shape != images.shape[:1]:
        raise UsageError(f"{source}: {list(images.shape)} images need one label each, got labels {list(labels.shape)}")
    if labels.is_floating_point() or labels.dtype == torch.bool or (len(labels) and int(labels.min()) < 0):
        raise UsageError(f"{source}: labels must be classes 0, 1, ... as whole numbers, got {labels.dtype}")
    if not 1 <= count <= len(images):
        raise UsageError(f"{source} has {len(images)} images, {count} were asked for")
    low, high = (float(end) for end in images.aminmax())
    if not (low >= 0 and high <= 1):
        raise UsageError(
            f"{source}: images must lie in [0, 1], got [{low:.4g}, {high:.4g}]: already normalised? "
            "Give pixels, and put the normalisation inside the model"
        )
