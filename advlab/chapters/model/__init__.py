"""The model: the data it reads, its layers, its training, and what its accuracy leaves out."""

from advlab.chapters.model.measure import data

#: Names that other pages use: results and what is made from them.
__all__ = ["data"]
