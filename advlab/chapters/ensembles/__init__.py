"""The page on ensembles and stacks: what is measured (`measure`, `stack`), and what is drawn and claimed."""

from advlab.chapters.ensembles.comparison import pairs
from advlab.chapters.ensembles.measure import by_fgsm, by_pgd
from advlab.chapters.ensembles.stack import stack

#: Names that other pages use: results and what is made from them.
__all__ = ["by_fgsm", "by_pgd", "pairs", "stack"]
