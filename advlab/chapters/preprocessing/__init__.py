"""The page on input preprocessing: the defenses, what is measured, the search over pixels (`flips`), what is drawn."""

from advlab.chapters.preprocessing.defense_rows import by_name
from advlab.chapters.preprocessing.measure import coarse, jpeg, median, one_bit, resizing, total_variation

#: Names that other pages use: results and what is made from them.
__all__ = ["by_name", "coarse", "jpeg", "median", "one_bit", "resizing", "total_variation"]
