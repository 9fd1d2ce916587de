"""Checks of saved adversarial images, independent of the code that made them.

Nothing of `advlab.attacks` is used here, so that a fault there cannot hide itself.
"""

from advlab.verify.checking import Verified, verify
from advlab.verify.examples import Examples, load

__all__ = ["Examples", "Verified", "load", "verify"]
