"""The page on ensembles and stacks: what is measured (`measure`, `layered`), and what is drawn and claimed."""

from advlab.chapters.ensembles.comparison import pairs
from advlab.chapters.ensembles.layered import stack
from advlab.chapters.ensembles.measure import by_fgsm, by_pgd

#: Names that other pages use: results and what is made from them.
__all__ = ["by_fgsm", "by_pgd", "pairs", "stack"]
