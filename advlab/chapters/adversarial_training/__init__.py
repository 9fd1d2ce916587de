"""The page on adversarial training: what is measured (`measure`, `along`), and what is shown of it."""

from advlab.chapters.adversarial_training.measure import longest, random_single, several, single, trades

#: What other pages show, too: results, and what is made of them.
__all__ = ["longest", "random_single", "several", "single", "trades"]
