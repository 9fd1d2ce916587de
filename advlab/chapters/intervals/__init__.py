"""The page on interval bounds: what is proved (`measure`), what attacks leave of the rest, and what is drawn."""

from advlab.chapters.intervals.measure import proved

#: What other pages show, too: results, and what is made of them.
__all__ = ["proved"]
