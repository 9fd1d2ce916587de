"""Where each block of code on a page comes from, what it needs, and which test runs it: a line above the block."""

from __future__ import annotations

import builtins
import dis
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from types import CodeType

from advlab.source import PACKAGE

ROOT = PACKAGE.parent
#: Runs every program of snippets/ and every block of every page; others have a test of their own besides.
RUNNER = "tests/blocks.py"

_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w+)\n(?P<body>.*?)^(?P=indent)```\s*$", re.MULTILINE | re.DOTALL)
_INCLUDE = re.compile(r'--8<-- "([\w./-]+?)(?::([\w-]+))?"')
_CODE = re.compile(r'<< code\("([\w.]+)"\) >>')
_BLOCK = re.compile(r'<div class="language-\w+ highlight">')
#: Scopes that run where they stand; other inner scopes run later, when all names of the block are bound.
_AT_ONCE = {"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"}
_GIVEN = {*dir(builtins), "__name__", "__file__", "__doc__", "__annotations__"}


@dataclass(frozen=True)
class Origin:
    """Of one block: the file in the repository, the test, and in words what it needs or continues."""

    file: str
    test: str
    needs: str


@dataclass
class _Names:
    bound: set[str] = field(default_factory=set)
    free: set[str] = field(default_factory=set)
    packages: set[str] = field(default_factory=set)


def of_page(source: str, rendered: str) -> list[Origin | None]:
    """For every fence of a page, in order: where it comes from; None for what a block printed.

    `source` is the page as it is written, `rendered` as its reader sees it (`pages.rendered`).
    """
    found: list[Origin | None] = []
    above: set[str] = set()
    for written, shown in zip(_FENCE.finditer(source), _FENCE.finditer(rendered), strict=True):
        language, code = shown["language"], _dedented(shown)
        file = _file(written["body"])
        if file is None:
            found.append(None)
            continue
        names = _names(code) if language == "python" else None
        found.append(Origin(file, _test(file), _said(names, above) if names else _needs(language, file, code)))
        above |= names.bound if names else set()
    return found


def marked(html: str, origins: list[Origin | None], repository: str) -> str:
    """A page's HTML with the line above each block. `repository` is where files are shown ("" where none is known).

    Raises ValueError where the HTML has more or fewer blocks than the page.
    """
    places = list(_BLOCK.finditer(html))
    if len(places) != len(origins):
        raise ValueError(f"the page has {len(origins)} blocks of code and its HTML {len(places)}")
    parts, last = [], 0
    for place, origin in zip(places, origins, strict=True):
        parts.append(html[last : place.start()])
        parts.append(_line(origin, repository) if origin else "")
        last = place.start()
    return "".join([*parts, html[last:]])


def _line(origin: Origin, repository: str) -> str:
    def link(path: str, words: str) -> str:
        return f'<a href="{escape(repository)}{path}">{words}</a>' if repository else words

    test = link(origin.test, "test") if repository else f"test: {origin.test}"
    return (
        f'<p class="origin" data-search-exclude><span class="origin__file">{link(origin.file, origin.file)}</span> '
        f'<span class="origin__needs">{origin.needs}</span> <span class="origin__test">{test}</span></p>\n'
    )


def _dedented(match: re.Match[str]) -> str:
    indent = len(match["indent"])
    return "\n".join(line[indent:] for line in match["body"].split("\n"))


def _file(body: str) -> str | None:
    """The file of the repository that a fence shows; None for generated output."""
    if include := _INCLUDE.search(body):
        return f"snippets/{include[1]}"
    if shown := _CODE.search(body):
        return f"{shown[1].rpartition('.')[0].replace('.', '/')}.py"
    return None


def _test(file: str) -> str:
    """The test that names the file, by the house's rule of equal names; else the one that runs them all."""
    path = Path(file)
    if path.parts[0] == "snippets":
        own = Path("tests/chapters") / f"test_{path.parent.name}.py"
        if (ROOT / own).is_file() and path.name in (ROOT / own).read_text(encoding="utf-8"):
            return own.as_posix()
        return RUNNER
    own = Path("tests", *path.parts[1:-1], f"test_{path.name}")
    return own.as_posix() if (ROOT / own).is_file() else "tests/shown_alone.py"


# --- What a block needs --------------------------------------------------------------------------------------------


def _said(names: _Names, above: set[str]) -> str:
    if taken := sorted(names.free & above, key=str.casefold):
        return f"continues from above: {', '.join(f'<code>{name}</code>' for name in taken)}"
    foreign = sorted(names.packages - sys.stdlib_module_names)
    if not foreign:
        return "runs alone, with Python only"
    if foreign == ["torch"]:
        return "runs alone, with PyTorch only"
    return f"runs alone, with {_listed([f'<code>{name}</code>' for name in foreign])}"


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _needs(language: str, file: str, code: str) -> str:
    """Of a block that is no Python: the command and the files of its folder that it names."""
    if language != "bash":
        return "a whole file, to copy"
    folder = (ROOT / file).parent
    siblings = [path.name for path in sorted(folder.glob("*.py")) if re.search(rf"\b{path.stem}\b", code)]
    needed = (["<code>advlab</code>"] if re.search(r"\badvlab\b", code) else []) + [
        f"<code>{name}</code>" for name in siblings
    ]
    return f"needs {_listed(needed)}" if needed else "needs a shell"


def _names(code: str) -> _Names:
    """What Python code binds at its top level, what it takes from outside, and the packages that it imports."""
    names = _Names()
    inner: set[str] = set()
    _walk(compile(code, "block", "exec", dont_inherit=True), names, inner)
    names.free |= inner - names.bound - _GIVEN
    return names


def _walk(code: CodeType, names: _Names, inner: set[str]) -> None:
    for step in dis.get_instructions(code):
        if step.opname == "IMPORT_NAME":
            names.packages.add(str(step.argval).partition(".")[0])
        elif step.opname in {"STORE_NAME", "STORE_GLOBAL"}:
            names.bound.add(str(step.argval))
        elif step.opname in {"LOAD_NAME", "LOAD_GLOBAL"} and step.argval not in names.bound:
            if step.argval not in _GIVEN:
                names.free.add(str(step.argval))
        elif isinstance(step.argval, CodeType):
            if step.argval.co_name in _AT_ONCE:
                _walk(step.argval, names, inner)
            else:
                inner.update(_globals(step.argval))
                names.packages |= _imports(step.argval)


def _scopes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _scopes(constant)


def _globals(code: CodeType) -> set[str]:
    """Names that a function takes from its module, those of the functions and classes in it included."""
    found: set[str] = set()
    for scope in _scopes(code):
        steps = list(dis.get_instructions(scope))
        own = {str(step.argval) for step in steps if step.opname == "STORE_NAME"}  # of a class's body
        taken = {str(step.argval) for step in steps if step.opname in {"LOAD_GLOBAL", "LOAD_NAME"}}
        found |= taken - own - {"__module__", "__qualname__"}
    return found


def _imports(code: CodeType) -> set[str]:
    return {
        str(step.argval).partition(".")[0]
        for scope in _scopes(code)
        for step in dis.get_instructions(scope)
        if step.opname == "IMPORT_NAME"
    }
