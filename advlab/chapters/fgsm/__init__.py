"""The page on FGSM: what it measures (`measure`) and what it draws (`figures`)."""

from advlab.chapters.fgsm.measure import curve, epsilon_table
from advlab.chapters.fgsm.theory import linear

#: Names that other pages use: results and what is made from them.
__all__ = ["curve", "epsilon_table", "linear"]
