"""The page of the open challenge: the network's weights, what it has withstood, and this build's own attempt."""

from advlab.chapters.break_this_page.measure import record

#: Names that other pages use: results and what is made from them.
__all__ = ["record"]
