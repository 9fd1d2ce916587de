"""How Sybil reads this project: pages exactly as a reader sees them, programs whole, docstrings' examples.

Sybil's own evaluator compares no output. The one here does, with the text block that stands right below.
"""

from __future__ import annotations

import contextlib
import doctest
import functools
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml
from sybil import Document, Example, Region, Sybil
from sybil.document import PythonDocStringDocument
from sybil.evaluators.doctest import NUMBER, OutputChecker
from sybil.parsers.markdown import CodeBlockParser
from sybil.parsers.rest import DocTestParser

from advlab.edition import EDITION
from advlab.engine.book import Book
from advlab.engine.build.up_to_date import up_to_date
from advlab.engine.cache.profile import current
from advlab.engine.pages import library_code, rendering

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
FLAGS = NUMBER | doctest.NORMALIZE_WHITESPACE | doctest.REPORT_NDIFF
_CODE = re.compile(r'^<< code\("([\w.]+)"\) >>$', re.MULTILINE)


@functools.cache
def book() -> Book:
    """The results of this profile; computed in a fresh process where they are missing."""
    return up_to_date(EDITION, current())


def url(path: Path) -> str:
    """A page's address in the site, from its file."""
    relative = path.relative_to(DOCS).with_suffix("").as_posix()
    return "" if relative == "index" else f"{relative.removesuffix('index')}/".replace("//", "/")


def same(want: str, got: str) -> bool:
    """By doctest's rules: floats to the precision that is shown, all else to the letter."""
    return OutputChecker().check_output(want.rstrip() + "\n", got.rstrip() + "\n", FLAGS)


def difference(want: str, got: str) -> str:
    example = doctest.Example("", want.rstrip() + "\n")
    return OutputChecker().output_difference(example, got.rstrip() + "\n", FLAGS)


@contextlib.contextmanager
def elsewhere() -> Iterator[None]:
    """In a temporary folder, so that code of pages leaves nothing behind."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)


def printed(code: str, name: str, namespace: dict[str, Any]) -> str:
    output = io.StringIO()
    with elsewhere(), contextlib.redirect_stdout(output):
        exec(compile(code, name, "exec", dont_inherit=True), namespace)
    return output.getvalue()


class Page(Document):
    """A page as `pages.rendered` gives it to MkDocs; `shown` are the functions of advlab that it shows, by text."""

    shown: dict[str, str]

    @classmethod
    def parse(cls, path: str, *parsers: Any, encoding: str = "utf-8") -> Page:
        source = Path(path).read_text(encoding=encoding)
        page = cls(rendering.rendered(_without_front_matter(source), url(Path(path)), book()), path)
        page.shown = {library_code.code(name): name for name in _CODE.findall(source)}
        for parser in parsers:
            for region in parser(page):
                page.add(region)
        return page

    def below(self, region: Region) -> str | None:
        """The text block right below a block, where there is one."""
        later = [other for _, other in self.regions if other.start >= region.end]
        if later and later[0].lexemes["arguments"] == "text" and not self.text[region.end : later[0].start].strip():
            return str(later[0].lexemes["source"])
        return None


def _without_front_matter(source: str) -> str:
    return re.sub(r"\A---\n.*?\n---\n", "", source, flags=re.DOTALL)


def run_python(example: Example) -> str | None:
    """Run a block in its page's namespace; a function of advlab alone, beside the library's own."""
    code, page = str(example.parsed), example.document
    want = page.below(example.region)
    name = page.shown.get(code.rstrip("\n"))
    if name is not None:
        from tests.shown_alone import agrees  # here: it imports torch

        return agrees(name, code)
    namespace = example.namespace
    namespace.setdefault("__name__", "__main__")
    got = printed("\n" * example.line + code, example.path, namespace)
    if want is None:
        return f"it prints, and the page shows nothing of it:\n{got}" if got.strip() else None
    return None if same(want, got) else f"the page shows another output\n{difference(want, got)}"


def run_bash(example: Example) -> str | None:
    """Run a block in a temporary folder, with this environment's programs first."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "ADVLAB_STORE": str(book().store.root)}
    with tempfile.TemporaryDirectory() as folder:
        for program in (EDITION.snippets / Path(example.path).stem).glob("*.py"):  # as a reader has saved them
            shutil.copy(program, folder)
        command = ["bash", "-euo", "pipefail", "-c", str(example.parsed)]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        return f"exit status {done.returncode}\n{done.stdout}{done.stderr}"
    want = example.document.below(example.region)
    return None if want is None or same(want, done.stdout) else difference(want, done.stdout)


def parse_yaml(example: Example) -> str | None:
    return None if yaml.safe_load(str(example.parsed)) is not None else "it holds nothing"


def parse_toml(example: Example) -> str | None:
    return None if tomllib.loads(str(example.parsed)) else "it holds nothing"


def belongs(example: Example) -> str | None:
    """A text block is the output of the block right above it, which compares them."""
    page = example.document
    above = [other for _, other in page.regions if other.end <= example.region.start]
    if above and page.below(above[-1]) == str(example.parsed):
        return None
    return "a text block stands below no block that prints it"


LANGUAGES = {"python": run_python, "bash": run_bash, "yaml": parse_yaml, "toml": parse_toml, "text": belongs}


class Program(Document):
    """A file of snippets/: one example, the whole of it."""


def whole(document: Document) -> Iterable[Region]:
    return [Region(0, len(document.text), document.text, run_program)]


def run_program(example: Example) -> str | None:
    """Run a program alone, under a tracer. It prints what the store holds, and runs nothing that the key lacks."""
    from advlab.engine.build import program_outputs  # here: they import torch
    from tests.tracing import escaped

    name = Path(example.path).relative_to(EDITION.snippets).as_posix()
    if name == EDITION.notebook:
        # Its outputs are Jupyter's, whose kernel is a process of its own that nothing here can trace. The same cells,
        # one after another, are this program.
        computation = program_outputs.notebook(EDITION, current())
        lacking = escaped(computation, lambda: printed(str(example.parsed), example.path, {"__name__": "__main__"}))
        return _not_in_the_key(lacking)
    computation = program_outputs.output(EDITION, name, current())
    files: dict[str, bytes] = {}
    if lacking := escaped(computation, lambda: files.update(computation.make())):
        return _not_in_the_key(lacking)
    got = json.loads(files["output.json"])
    want = book().entry("output", computation.name).json("output.json")
    for section in want | got:
        shown, printed_now = want.get(section, ""), got.get(section, "")
        if not same(shown, printed_now):
            return f"the store holds another output of {section or 'it'}\n{difference(shown, printed_now)}"
    return None


def _not_in_the_key(lacking: set[str]) -> str | None:
    return f"it runs what the key of its output does not hold: {', '.join(sorted(lacking))}" if lacking else None


PAGES = Sybil(
    parsers=[CodeBlockParser(language, evaluator) for language, evaluator in LANGUAGES.items()],
    path=str(DOCS),
    patterns=["**/*.md"],
    document_types={".md": Page},
)
PROGRAMS = Sybil([whole], path=str(ROOT / "snippets"), patterns=["**/*.py"], document_types={".py": Program})
DOCSTRINGS = Sybil(
    [DocTestParser(optionflags=FLAGS)],
    path=str(ROOT / "advlab"),
    patterns=["**/*.py"],
    document_types={".py": PythonDocStringDocument},
)
