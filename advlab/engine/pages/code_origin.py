"""A line above each code block of a page: where the code comes from, what it needs, and which test runs it."""

from __future__ import annotations

import ast
import builtins
import re
import symtable
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from advlab.engine.editions import Edition

#: The test that runs every program of snippets/ and every block of every page; some have a test of their own as well.
RUNNER = "tests/blocks.py"

_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w+)\n(?P<body>.*?)^(?P=indent)```\s*$", re.MULTILINE | re.DOTALL)
_INCLUDE = re.compile(r'--8<-- "([\w./-]+?)(?::([\w-]+))?"')
_CODE = re.compile(r'<< code\("([\w.]+)"\) >>')
_BLOCK = re.compile(r'<div class="language-\w+ highlight">')
#: Names that symtable gives to scopes that run immediately, where they are written.
_AT_ONCE = {"listcomp", "setcomp", "dictcomp", "genexpr"}
_GIVEN = {*dir(builtins), "__name__", "__file__", "__doc__", "__annotations__"}


@dataclass(frozen=True)
class Origin:
    """The origin of one block.

    Args:
        file: its file in the repository.
        test: file of the test that runs it.
        needs: what it needs or continues, in words (HTML).
    """

    file: str
    test: str
    needs: str


@dataclass
class _Names:
    bound: set[str] = field(default_factory=set)
    free: set[str] = field(default_factory=set)
    packages: set[str] = field(default_factory=set)


def of_page(edition: Edition, source: str, rendered: str) -> list[Origin | None]:
    """Return the origin of every fenced block of a page, in order; None for the output of a program.

    Args:
        edition: the edition of the page.
        source: the page as it is written.
        rendered: the page after `rendering.rendered`.

    Raises:
        ValueError: the two texts have different numbers of blocks.
        SyntaxError: a Python block cannot be parsed.
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
        needs = _needs_of_python(names, above) if names else _needs(edition, language, file, code)
        found.append(Origin(file, _test(edition, file), needs))
        above |= names.bound if names else set()
    return found


def marked(html: str, origins: list[Origin | None], repository: str) -> str:
    """Add the line with the origin above each block in a page's HTML.

    Args:
        html: the HTML of the page.
        origins: the result of `of_page`.
        repository: address under which the repository shows files, with a final slash; "" for no links.

    Raises:
        ValueError: the numbers of blocks and origins differ.
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
    """Return the file of the repository that a fence shows; None for generated output."""
    if include := _INCLUDE.search(body):
        return f"snippets/{include[1]}"
    if shown := _CODE.search(body):
        return f"{shown[1].rpartition('.')[0].replace('.', '/')}.py"
    return None


def _test(edition: Edition, file: str) -> str:
    """Return the test of a file, found by its name; if there is none, the test that runs all of them."""
    path = Path(file)
    if path.parts[0] == "snippets":
        own = Path("tests/chapters") / f"test_{path.parent.name}.py"
        if (edition.root / own).is_file() and path.name in (edition.root / own).read_text(encoding="utf-8"):
            return own.as_posix()
        return RUNNER
    own = Path("tests", *path.parts[1:-1], f"test_{path.name}")
    return own.as_posix() if (edition.root / own).is_file() else "tests/shown_alone.py"


# --- What a block needs --------------------------------------------------------------------------------------------


def _needs_of_python(names: _Names, above: set[str]) -> str:
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


def _needs(edition: Edition, language: str, file: str, code: str) -> str:
    """Describe what a block in another language than Python needs: the package, and the programs that it names."""
    if language != "bash":
        return "a whole file, to copy"
    folder = (edition.root / file).parent
    siblings = [path.name for path in sorted(folder.glob("*.py")) if re.search(rf"\b{path.stem}\b", code)]
    packages = [edition.package] if re.search(rf"\b{edition.package}\b", code) else []
    needed = [f"<code>{name}</code>" for name in (*packages, *siblings)]
    return f"needs {_listed(needed)}" if needed else "needs a shell"


def _names(code: str) -> _Names:
    """Return the names that Python code binds at its top level, those it takes from outside, and its packages."""
    names = _Names()
    _TopLevel(names).visit(ast.parse(code))
    later = set().union(*map(_globals, _functions(symtable.symtable(code, "block", "exec"))))
    names.free |= later - names.bound - _GIVEN
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            names.packages |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.packages.add((node.module or "").partition(".")[0])
    return names


def _functions(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    """Yield the functions and lambdas in a scope; their bodies run later, when all names of the block are bound."""
    for inner in table.get_children():
        if inner.get_type() == "function" and inner.get_name() not in _AT_ONCE:
            yield inner
        yield from _functions(inner)


def _globals(table: symtable.SymbolTable) -> set[str]:
    """Return the names that a function takes from its module, including those used in nested scopes."""
    own = {one.get_name() for one in table.get_symbols() if one.is_global() and one.is_referenced()}
    return own.union(*map(_globals, table.get_children()))


class _TopLevel(ast.NodeVisitor):
    """Visit the code that runs immediately, in its order: a name used before it is bound comes from outside."""

    def __init__(self, names: _Names) -> None:
        self.names = names
        self.local: list[set[str]] = []

    def _bind(self, name: str) -> None:
        (self.local[-1] if self.local else self.names.bound).add(name)

    def _use(self, name: str) -> None:
        known = self.names.bound.union(*self.local)
        if name not in known and name not in _GIVEN:
            self.names.free.add(name)

    def visit_Name(self, node: ast.Name) -> None:
        self._use(node.id) if isinstance(node.ctx, ast.Load) else self._bind(node.id)

    def visit_Assign(self, node: ast.Assign) -> None:
        for part in (node.value, *node.targets):
            self.visit(part)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        for part in (node.annotation, node.value, node.target):
            if part is not None:
                self.visit(part)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.visit(node.value)
        if isinstance(node.target, ast.Name):
            self._use(node.target.id)
        self.visit(node.target)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        self.visit(node.target)

    def visit_For(self, node: ast.For) -> None:
        for part in (node.iter, node.target, *node.body, *node.orelse):
            self.visit(part)

    def visit_alias(self, node: ast.alias) -> None:
        self._bind(node.asname or node.name.partition(".")[0])

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self._bind(node.name)
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        at_once = [*node.decorator_list, *node.args.defaults, *(one for one in node.args.kw_defaults if one)]
        annotations = [one.annotation for one in ast.walk(node.args) if isinstance(one, ast.arg) and one.annotation]
        for part in (*at_once, *annotations, *([node.returns] if node.returns else [])):
            self.visit(part)
        self._bind(node.name)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        for part in (*node.args.defaults, *(one for one in node.args.kw_defaults if one)):
            self.visit(part)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for part in (*node.decorator_list, *node.bases, *(one.value for one in node.keywords)):
            self.visit(part)
        self.local.append(set())
        for statement in node.body:
            self.visit(statement)
        self.local.pop()
        self._bind(node.name)

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> None:
        self.local.append(set())
        for loop in node.generators:
            for part in (loop.iter, loop.target, *loop.ifs):
                self.visit(part)
        for part in (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,):
            self.visit(part)
        self.local.pop()

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension
