"""MNIST from the files that this package bundles, as tensors in [0, 1], and seeded, stratified subsets of it."""

import hashlib
import os
import shutil
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

import torch
from filelock import FileLock
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from advlab.engine.cache.store import folder

Split = Literal["train", "test"]

CLASSES = 10
# Mean and standard deviation of the training split's pixels in [0, 1], with which models normalise inside.
MEAN = 0.1307
STD = 0.3081
SUBSET_SEED = 20141220  # the day FGSM was published (arXiv 1412.6572)

BUNDLED = Path(__file__).parent / "files" / "MNIST" / "raw"
CHECKSUMS = {  # MD5, the ones torchvision pins
    "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
    "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
    "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
}


class DataError(RuntimeError):
    """A file of a data set is missing, altered or out of reach. The message names it and the likely remedy."""


@dataclass(frozen=True)
class Dataset:
    """Images in [0, 1] with their labels. `len(dataset)` is the number of images.

    Args:
        images: `[n, 1, 28, 28]`, in [0, 1].
        labels: `[n]`, in 0..9.
    """

    images: Float[Tensor, "n 1 28 28"]
    labels: Int[Tensor, " n"]

    def __len__(self) -> int:
        return len(self.labels)


def mnist(split: Split) -> Dataset:
    """MNIST's 60,000 training or 10,000 test images, in the order of the files.

    The tensors are the caller's own: changing them in place affects nobody else.

    Args:
        split: "train" or "test".

    Raises:
        DataError: a bundled file is missing, or its MD5 is not the published one.
        ValueError: `split` is neither "train" nor "test".

    Source: LeCun, Cortes, Burges 1998, the MNIST database; the checksums are those of torchvision.

    >>> test = mnist("test")
    >>> test.images.shape, test.labels[:4].tolist()
    (torch.Size([10000, 1, 28, 28]), [7, 2, 1, 0])
    """
    return _dataset(*_mnist_bytes(_checked(split)))


def fashion_mnist(split: Split) -> Dataset:
    """Fashion-MNIST in the form of `mnist`. Not bundled: torchvision downloads it once into the store's folder.

    Args:
        split: "train" or "test".

    Raises:
        DataError: it is not there and cannot be downloaded.
        ValueError: `split` is neither "train" nor "test".

    Source: Xiao, Rasul, Vollgraf 2017 (arXiv 1708.07747).
    """
    return _dataset(*_fashion_bytes(_checked(split)))


def indices(n: int, split: Split = "test") -> Int[Tensor, " n"]:
    """Indices of the images that `subset(n, split)` takes, in ascending order; the same in every process.

    The classes have the proportions of the whole split, rounded by largest remainder.

    Args:
        n: number of images, from 1 to the size of the split; all of them come in order.
        split: "train" or "test".

    Returns:
        `[n]`, places in the split, from 0.

    Raises:
        ValueError: `n` is out of range, or `split` is neither "train" nor "test".
        DataError: a bundled file is missing or altered.

    Source: advlab's own: the first images of MNIST's test set are harder than the rest.

    >>> indices(5).tolist() == indices(5).tolist()
    True
    """
    labels = _mnist_bytes(_checked(split))[1]
    if not 1 <= n <= len(labels):
        raise ValueError(f"n must lie in 1..{len(labels)} for the {split} split, got {n}")
    shares = n * torch.bincount(labels, minlength=CLASSES).double() / len(labels)
    counts = shares.floor().long()
    counts[(counts - shares).argsort(stable=True)[: n - int(counts.sum())]] += 1
    shuffled = torch.randperm(len(labels), generator=torch.Generator().manual_seed(SUBSET_SEED))
    chosen = [shuffled[labels[shuffled] == digit][:count] for digit, count in enumerate(counts.tolist())]
    return torch.cat(chosen).sort().values


def subset(n: int, split: Split = "test") -> Dataset:
    """A seeded, class-stratified sample of `n` images of a split (see `indices`).

    Args:
        n: number of images, from 1 to the size of the split.
        split: "train" or "test".

    Raises:
        ValueError: `n` is out of range, or `split` is neither "train" nor "test".
        DataError: a bundled file is missing or altered.

    Source: advlab's own: the first images of MNIST's test set are harder than the rest.

    >>> len(subset(1000))
    1000
    """
    whole, chosen = mnist(split), indices(n, split)
    return Dataset(whole.images[chosen], whole.labels[chosen])


def _checked(split: Split) -> Split:
    if split not in get_args(Split):
        raise ValueError(f'split must be "train" or "test", got {split!r}')
    return split


def _dataset(images: UInt8[Tensor, "n 28 28"], labels: Int[Tensor, " n"]) -> Dataset:
    """Fresh float tensors from the cached bytes (the arithmetic of ToTensor), so that no caller can reach the cache."""
    return Dataset(images.unsqueeze(1).float().div_(255), labels.clone())


@cache
def _mnist_bytes(split: Split) -> tuple[UInt8[Tensor, "n 28 28"], Int[Tensor, " n"]]:
    from advlab.data.torchvision_cpu import datasets  # here: torchvision takes a second, and only files need it

    _verify(BUNDLED)
    # torchvision unpacks next to the archives, but the installed package is read-only and shared: work on a copy.
    root = folder("mnist")
    raw = root / "MNIST" / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    with FileLock(root / ".lock"):
        _copy_archives(raw)
        _drop_damaged(raw)
        data = datasets.MNIST(root, train=split == "train", download=True)  # finds good archives: no network
    return data.data, data.targets


@cache
def _fashion_bytes(split: Split) -> tuple[UInt8[Tensor, "n 28 28"], Int[Tensor, " n"]]:
    from advlab.data.torchvision_cpu import datasets

    root = folder("fashion-mnist")
    root.mkdir(parents=True, exist_ok=True)
    with FileLock(root / ".lock"):
        try:
            data = datasets.FashionMNIST(root, train=split == "train", download=True)
        except (RuntimeError, OSError) as error:
            raise DataError(
                "Fashion-MNIST is not bundled and could not be downloaded. Run once with a network, or put "
                f"its four .gz files into {root / 'FashionMNIST' / 'raw'}. torchvision said: {error}"
            ) from error
    return data.data, data.targets


def _verify(raw: Path) -> None:
    """Checks the files before torchvision does, which would download a replacement for a bad one."""
    for name, expected in CHECKSUMS.items():
        path = raw / name
        cure = "Restore it: reinstall advlab, or `git checkout -- advlab/data/files` in a clone (with git-lfs off)."
        if not path.is_file():
            raise DataError(f"{name} is missing from {raw}. {cure}")
        found = _md5(path)
        if found != expected:
            size = path.stat().st_size
            raise DataError(f"{name} in {raw} is not the original ({size} bytes, MD5 {found}, not {expected}). {cure}")


def _md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


def _copy_archives(raw: Path) -> None:
    """Copies the verified archives into the writable folder, each completely or not at all."""
    for name, expected in CHECKSUMS.items():
        target = raw / name
        if not target.is_file() or _md5(target) != expected:
            partial = target.with_suffix(".partial")
            shutil.copyfile(BUNDLED / name, partial)
            os.replace(partial, target)


def _drop_damaged(raw: Path) -> None:
    """Removes unpacked files that differ from their archive: torchvision trusts what it finds unpacked."""
    for name in CHECKSUMS:
        unpacked = (raw / name).with_suffix("")
        if unpacked.is_file() and zlib.crc32(unpacked.read_bytes()) != _crc32_inside(raw / name):
            unpacked.unlink()


def _crc32_inside(archive: Path) -> int:
    """The checksum of its contents that a gzip file holds in its trailer (RFC 1952, section 2.3.1)."""
    return int.from_bytes(archive.read_bytes()[-8:-4], "little")
