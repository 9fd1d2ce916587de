"""The page on ensembles and stacks: what is measured (`measure`, `stack`), and what is drawn and claimed of it."""

from advlab.chapters.ensembles.comparison import pairs
from advlab.chapters.ensembles.measure import by_fgsm, by_pgd
from advlab.chapters.ensembles.stack import stack

#: What other pages show, too: results, and what is made of them.
__all__ = ["by_fgsm", "by_pgd", "pairs", "stack"]
