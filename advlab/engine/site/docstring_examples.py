"""Show the `>>>` examples of docstrings as code on the API page.

Docstrings of this project place examples where they belong in the text, as Python's own do. The parser for Google style
that mkdocstrings uses recognizes them only in a section "Examples:"; elsewhere Markdown reads `>>>` as a quotation.
"""

import re

from griffe import Extension, Object

# From a line that starts with >>> to the next empty line; lines of a section "Examples:" are indented, so do not match.
_EXAMPLE = re.compile(r"^>>> .*(?:\n(?!\s*$).*)*", re.MULTILINE)


def fenced(docstring: str) -> str:
    """Return the docstring with each example in a fenced code block.

    >>> fenced(">>> 1 + 1\\n2").splitlines()
    ['```pycon', '>>> 1 + 1', '2', '```']
    """
    return _EXAMPLE.sub(lambda match: f"```pycon\n{match.group()}\n```", docstring)


class Examples(Extension):
    """Griffe extension that applies `fenced` to every docstring; mkdocs.yml names it."""

    def on_object(self, *, obj: Object, **_: object) -> None:
        """Fence the examples in the docstring of an object that griffe has read."""
        if obj.docstring:
            obj.docstring.value = fenced(obj.docstring.value)
