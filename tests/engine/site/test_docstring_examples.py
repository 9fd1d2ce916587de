"""Examples in docstrings reach the API page as code."""

import griffe

from advlab.engine.site.docstring_examples import Examples, fenced


def test_each_example_gets_one_fence():
    text = "First.\n\n>>> 1 + 1\n2\n>>> 2\n2\n\nMore.\n\n>>> for _ in []:\n...     pass"
    assert fenced(text) == (
        "First.\n\n```pycon\n>>> 1 + 1\n2\n>>> 2\n2\n```\n\nMore.\n\n```pycon\n>>> for _ in []:\n...     pass\n```"
    )


def test_text_and_sections_of_examples_are_left_alone():
    for text in ("No example, a >>> b.", "Examples:\n    >>> 1\n    1"):
        assert fenced(text) == text


def test_griffe_hands_every_docstring_over(tmp_path):
    (tmp_path / "sample.py").write_text('def f():\n    """One.\n\n    >>> f()\n    """\n', encoding="utf-8")
    extensions = griffe.Extensions(Examples())
    module = griffe.load("sample", search_paths=[tmp_path], extensions=extensions)
    assert module["f"].docstring.value == "One.\n\n```pycon\n>>> f()\n```"
