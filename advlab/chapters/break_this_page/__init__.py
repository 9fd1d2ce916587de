"""The page of the open challenge: the network's weights, what it withstood so far, and this build's own attempt."""

from advlab.chapters.break_this_page.measure import record

#: What other pages show, too: results, and what is made of them.
__all__ = ["record"]
