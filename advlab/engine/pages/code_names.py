"""The names in a block of Python: what it binds, what it takes from outside, which packages it imports."""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Iterator
from dataclasses import dataclass, field

#: Names that symtable gives to scopes that run immediately, where they are written.
_AT_ONCE = {"listcomp", "setcomp", "dictcomp", "genexpr"}
_GIVEN = {*dir(builtins), "__name__", "__file__", "__doc__", "__annotations__"}


@dataclass
class Names:
    """Names that a block binds, names that it takes from outside, and top-level packages that it imports."""

    bound: set[str] = field(default_factory=set)
    free: set[str] = field(default_factory=set)
    packages: set[str] = field(default_factory=set)


def names_of(code: str) -> Names:
    """Return the names that Python code binds at its top level, those it takes from outside, and its packages."""
    names = Names()
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

    def __init__(self, names: Names) -> None:
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
