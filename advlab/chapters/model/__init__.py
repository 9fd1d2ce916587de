"""The model: the data it reads, its layers, its training, and what its accuracy leaves out."""

from advlab.chapters.model.measure import data

#: What other pages show, too: results, and what is made of them.
__all__ = ["data"]
