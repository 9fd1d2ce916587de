"""The page on detection: five detectors (`detectors`), their measurements, and what is drawn and claimed."""

from advlab.chapters.detection.comparison import SOURCES, pairs

#: Names that other pages use: results and what is made from them.
__all__ = ["SOURCES", "pairs"]
