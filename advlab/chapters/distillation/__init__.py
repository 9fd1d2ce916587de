"""The page on defensive distillation: what is measured, its authors' attack (`saliency`), and what is drawn."""

from advlab.chapters.distillation.measure import attacks

#: Names that other pages use: results and what is made from them.
__all__ = ["attacks"]
