"""The page on FGSM: what it measures (`measure`) and what it draws (`figures`)."""

from advlab.chapters.fgsm.measure import curve, epsilon_table
from advlab.chapters.fgsm.theory import linear

#: What other pages show, too: results, and what is made of them.
__all__ = ["curve", "epsilon_table", "linear"]
