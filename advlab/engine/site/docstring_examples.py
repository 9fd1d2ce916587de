"""The `>>>` examples of docstrings as code on the API page.

Docstrings here write an example where it belongs, as Python's own do. The reader of Google's style, which
mkdocstrings uses, knows examples only under a heading of theirs: everywhere else Markdown takes `>>>` for a quotation.
"""

import re

from griffe import Extension, Object

# From a line that starts with >>> to the next empty line, outside a section "Examples:" (whose lines are indented).
_EXAMPLE = re.compile(r"^>>> .*(?:\n(?!\s*$).*)*", re.MULTILINE)


def fenced(docstring: str) -> str:
    """The docstring with each example in a fence.

    >>> fenced(">>> 1 + 1\\n2").splitlines()
    ['```pycon', '>>> 1 + 1', '2', '```']
    """
    return _EXAMPLE.sub(lambda match: f"```pycon\n{match.group()}\n```", docstring)


class Examples(Extension):
    """Griffe's face of `fenced`: named in mkdocs.yml."""

    def on_object(self, *, obj: Object, **_: object) -> None:
        """Called by griffe for each object that it has read."""
        if obj.docstring:
            obj.docstring.value = fenced(obj.docstring.value)
