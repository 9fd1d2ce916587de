"""The page on interval bounds: what is proved (`measure`), what attacks leave (`attack`), and what is drawn."""

from advlab.chapters.intervals.measure import proved

#: Names that other pages use: results and what is made from them.
__all__ = ["proved"]
