"""The labelled images of an audit: from a file, a user's function, tensors, a DataLoader, or MNIST."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from advlab import data
from advlab.verify.arrays import load_arrays
from advlab.verify.loading import FORM, UsageError, called, import_object

#: Largest number of other images on which a surrogate may be trained.
POOL = 2000


@dataclass(frozen=True)
class Data:
    """The images of an audit, and others of the same kind on which to train a surrogate and find the unit.

    Args:
        images: [n, *shape], the audited images, in [0, 1].
        labels: [n], their true classes, from 0.
        index: [n], the position of each image in the set that it was taken from.
        pool: [m, *shape], other images of the same kind; m may be 0.
        pool_labels: [m], their true classes.
        source: where the images come from, in words.

    Source: advlab's own: what an audit needs to be given.
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
    """`count` images to audit, with a pool of others.

    From MNIST it is the stratified subset that the book uses; from other sets, images drawn by `seed`.

    Args:
        spec: a .npz or .safetensors file with "images" and "labels"; `package.module:function`, which returns a
            DataLoader or a pair (images, labels); None for the bundled MNIST test set.
        count: at least 1, and at most the size of the set.
        seed: of the choice; MNIST's does not depend on it.

    Raises:
        UsageError: there is no such file or function, it does not hold labelled images in [0, 1], or it holds fewer
            than `count`.
        ModelError: the function, or the import of its module, fails.

    Source: advlab's own: how an audit chooses its images.
    """
    if spec is None:
        return _mnist(count)
    if Path(spec).suffix in (".npz", ".safetensors"):
        return drawn(_read(Path(spec)), count, seed, Path(spec).name)
    if ":" not in spec:
        raise UsageError(f"{spec!r} is neither a .npz or .safetensors file nor of the form {FORM}")
    made = called(spec, import_object(spec))
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
    """`count` images, and a pool of others, drawn by `seed` from a pair (images, labels) or from a DataLoader.

    Args:
        given: a pair of tensors, images [n, *shape] in [0, 1] and labels [n]; or an iterable of such pairs, of which
            only the first batches are read.
        count: at least 1, and at most the number of images.
        seed: of the choice.
        source: what messages and the report call the data.

    Raises:
        UsageError: these are not images in [0, 1] with one label each, or fewer than `count`.

    Source: advlab's own: how an audit chooses its images.
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
    """The first batches of a loader, joined, until there are enough images."""
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
