"""Data sets as tensors in [0, 1]: MNIST from the files that this package bundles, and seeded, stratified subsets."""

from advlab.data.bundled import (
    CLASSES,
    MEAN,
    STD,
    DataError,
    Dataset,
    Split,
    fashion_mnist,
    indices,
    mnist,
    subset,
)

__all__ = ["CLASSES", "MEAN", "STD", "DataError", "Dataset", "Split", "fashion_mnist", "indices", "mnist", "subset"]
