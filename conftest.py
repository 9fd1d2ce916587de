"""Sybil collects every fence of every page, every program of snippets/, and the examples of advlab's docstrings."""

from sybil.sybil import SybilCollection

from tests.blocks import DOCSTRINGS, PAGES, PROGRAMS

pytest_collect_file = SybilCollection((PAGES, PROGRAMS, DOCSTRINGS)).pytest()
