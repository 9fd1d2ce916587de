"""The page on detection: five detectors (`detectors`), what is measured of them, and what is drawn and claimed."""

from advlab.chapters.detection.comparison import SOURCES, pairs

#: What other pages show, too: results, and what is made of them.
__all__ = ["SOURCES", "pairs"]
