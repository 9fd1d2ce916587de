"""The networks of the book, what runs them without changing them, and copies of them that attacks run faster on."""

from advlab.models.networks import (
    Contrast,
    Normalize,
    SimpleCNN,
    cheap_cnn,
    deeper_cnn,
    expect_digits,
    strided_cnn,
    striding,
)

__all__ = [
    "Contrast",
    "Normalize",
    "SimpleCNN",
    "cheap_cnn",
    "deeper_cnn",
    "expect_digits",
    "strided_cnn",
    "striding",
]
