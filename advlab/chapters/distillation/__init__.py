"""The page on defensive distillation: what is measured, the attack of its authors (`saliency`), what is drawn."""

from advlab.chapters.distillation.measure import attacks

#: What other pages show, too: results, and what is made of them.
__all__ = ["attacks"]
