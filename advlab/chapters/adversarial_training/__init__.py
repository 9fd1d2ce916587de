"""The page on adversarial training: what is measured (`measure`, `along`), and what is shown of it."""

from advlab.chapters.adversarial_training.measure import longest, random_single, several, single, trades

#: Names that other pages use: results and what is made from them.
__all__ = ["longest", "random_single", "several", "single", "trades"]
