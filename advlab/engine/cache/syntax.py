"""A module's syntax tree, split into top-level statements: the names each binds, its code, and the names it uses.

The code of a statement is its tree without docstrings, function annotations and names of the package's modules:
`zoo.trained(...)` and `models.trained(...)` are equal if both names lead to the same definition. A module can therefore
be moved or renamed without changing the code of any definition.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

#: Replaces the name of any module of the package.
ANY_MODULE = "·"

#: Resolves a chain of names such as ("advlab.zoo", ["trained"]); returns how many of the attributes name modules, or
#: None for a module of another package.
Follow = Callable[[str, list[str]], int | None]


class UnfollowableSource(ValueError):
    """The source uses a construct whose names cannot be followed."""


@dataclass(frozen=True)
class Use:
    """A name that a statement uses, or a text that may name a data file.

    Args:
        root: the first part of the name ("zoo" in `zoo.STANDARD`), or the text.
        attributes: the other parts of the name ("STANDARD",).
        origin: (module, name in it) from which the statement itself imports the root; None if it does not.
        is_text: whether this is a text.
    """

    root: str
    attributes: tuple[str, ...] = ()
    origin: tuple[str, str | None] | None = None
    is_text: bool = False


@dataclass(frozen=True)
class Statement:
    """The code of a top-level statement, as text, and the names it uses in source order."""

    tree: str
    uses: tuple[Use, ...]


@dataclass
class Module:
    """A module's top level, stripped: the statements that bind each name, and those that do more than that."""

    name: str
    is_package: bool
    bindings: dict[str, list[ast.stmt]] = field(default_factory=dict)
    effects: list[ast.stmt] = field(default_factory=list)
    _read: dict[int, Statement] = field(default_factory=dict)

    @classmethod
    def parse(cls, name: str, text: str, is_package: bool, carriers: frozenset[str] = frozenset()) -> Module:
        """Parse the text of a module.

        Args:
            name: full name of the module.
            text: its source.
            is_package: whether it is the `__init__.py` of a package.
            carriers: modules whose decorators are dropped.

        Raises:
            SyntaxError: the text is not Python.
            UnfollowableSource: the text contains `from ... import *`.
        """
        module = cls(name, is_package)
        body = _Strip().visit(ast.parse(text)).body
        for statement in body:
            if _is_docstring(statement) or _is_type_checking(statement):
                continue
            names = list(_bound(statement))
            for bound in names:
                module.bindings.setdefault(bound, []).append(statement)
            plain = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)
            if not names or not isinstance(statement, (*plain, ast.Import, ast.ImportFrom)):
                module.effects.append(statement)
        for statement in body:
            if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
                # A carrier's `@figure(measured)` names the results of a figure and is not part of its code.
                kept = [one for one in statement.decorator_list if not module._is_of(one, carriers)]
                statement.decorator_list = kept
        return module

    def _is_of(self, decorator: ast.expr, modules: frozenset[str]) -> bool:
        """Return whether a decorator comes from one of these modules."""
        call = decorator.func if isinstance(decorator, ast.Call) else decorator
        root, attributes = _chain(call)
        for bound in self.bindings.get(root or "", []):
            origin, name = imports(self, bound).get(root or "", ("", None))
            if ".".join([origin, *attributes[:-1]] if name is None else [origin]) in modules:
                return True
        return False

    def read(self, statement: ast.stmt, follow: Follow) -> Statement:
        """Return the code of a statement and the names it uses (cached); `follow` resolves modules of the package."""
        if id(statement) not in self._read:
            reader = _Reader(self, statement, follow)
            said = reader.visit(statement)
            self._read[id(statement)] = Statement(ast.dump(said) if said else "", tuple(reader.uses))
        return self._read[id(statement)]

    def absolute(self, statement: ast.ImportFrom) -> str:
        """Return the full name of the module in a `from ... import` statement, also for a relative import."""
        if not statement.level:
            return statement.module or ""
        parts = self.name.split(".")
        base = parts[: len(parts) - statement.level + (1 if self.is_package else 0)]
        return ".".join(base + ([statement.module] if statement.module else []))


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _is_type_checking(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def _bound(statement: ast.stmt) -> Iterator[str]:
    """Yield the names that a top-level statement binds, including those bound inside a compound statement.

    Raises:
        UnfollowableSource: the statement is `from ... import *`.
    """
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield statement.name
        return
    for node in ast.walk(statement):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            if any(alias.name == "*" for alias in node.names):
                raise UnfollowableSource(f"line {node.lineno}: `from ... import *` hides where names come from")
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
            yield node.id
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name


def imports(module: Module, statement: ast.AST) -> dict[str, tuple[str, str | None]]:
    """Return what the imports in a statement bind: (module, name in it) by local name.

    Args:
        module: the module of the statement, needed for relative imports.
        statement: the statement to search.
    """
    found: dict[str, tuple[str, str | None]] = {}
    for node in ast.walk(statement):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                found[alias.asname or top] = (alias.name if alias.asname else top, None)
        elif isinstance(node, ast.ImportFrom):
            origin = module.absolute(node)
            for alias in node.names:
                found[alias.asname or alias.name] = (origin, alias.name)
    return found


def _chain(node: ast.AST) -> tuple[str | None, list[str]]:
    """Split `a.b.c` into ("a", ["b", "c"]); the first part is None if the expression does not start with a name."""
    attributes: list[str] = []
    while isinstance(node, ast.Attribute):
        attributes.insert(0, node.attr)
        node = node.value
    return (node.id if isinstance(node, ast.Name) else None), attributes


class _Reader(ast.NodeTransformer):
    """Record the names that a statement uses, in order, and remove the package's module names from its tree."""

    def __init__(self, module: Module, statement: ast.stmt, follow: Follow) -> None:
        self.uses: list[Use] = []
        self._follow = follow
        self._own = imports(module, statement)
        self._imported = dict(self._own)
        for name, bound in module.bindings.items():
            for one in bound:
                if name not in self._own and isinstance(one, (ast.Import, ast.ImportFrom)):
                    self._imported[name] = imports(module, one)[name]

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return self._use(node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        return self._use(node) if _chain(node)[0] is not None else self.generic_visit(node)

    def _use(self, node: ast.expr) -> ast.AST:
        root, attributes = _chain(node)
        assert root is not None
        self.uses.append(Use(root, tuple(attributes), self._own.get(root)))
        if root not in self._imported:
            return node
        origin, name = self._imported[root]
        modules = self._follow(origin, [name, *attributes] if name else attributes)
        if modules is None or (name is not None and modules == 0):  # the name of a definition, not of a module
            return node
        left: ast.expr = ast.Name(ANY_MODULE, ast.Load())
        for attribute in attributes[modules - (1 if name is not None else 0) :]:
            left = ast.Attribute(left, attribute, ast.Load())
        return left

    def visit_Import(self, node: ast.Import) -> ast.AST | None:
        return self._without_modules(node, [(alias.name, None) for alias in node.names])

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        names = [alias.asname or alias.name for alias in node.names]
        return self._without_modules(node, [self._own[name] for name in names])

    def _without_modules(self, node: ast.stmt, targets: list[tuple[str, str | None]]) -> ast.AST | None:
        """Drop an import of the package's own modules: the names it binds are recorded where they are used."""
        inside = [self._follow(origin, [name] if name else []) is not None for origin, name in targets]
        return None if all(inside) else node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, str) and "." in node.value:
            self.uses.append(Use(node.value, is_text=True))
        return node


class _Strip(ast.NodeTransformer):
    """Remove what cannot change a result: docstrings and function annotations."""

    def _body(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        if node.body and _is_docstring(node.body[0]):
            node.body = node.body[1:] or [ast.Pass()]
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        self._body(node)
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        node.returns = None
        self._body(node)
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        self._body(node)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node
