"""A module's syntax tree, cut into top-level statements: what each binds, which names it uses, what it says."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

#: A text in the code that ends so and names a file of the package stands for that file's content.
DATA = (".json", ".yml", ".txt", ".j2")


class UnfollowableSource(ValueError):
    """The source uses a form that cannot be followed by name."""


@dataclass(frozen=True)
class Facts:
    """What a top-level statement says: its syntax tree as text, the names and texts in it, its own imports."""

    tree: str
    names: list[tuple[str, list[str]]]
    texts: list[str]
    imports: dict[str, tuple[str, str | None]]


@dataclass
class Module:
    """A module's top level, stripped: which statements bind a name, and which do something besides."""

    name: str
    is_package: bool
    bindings: dict[str, list[ast.stmt]] = field(default_factory=dict)
    effects: list[ast.stmt] = field(default_factory=list)
    _facts: dict[int, Facts] = field(default_factory=dict)

    @classmethod
    def parse(cls, name: str, text: str, is_package: bool, carriers: frozenset[str] = frozenset()) -> Module:
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
                # `@figure(measured)` of a carrier names results; it is no part of what draws them.
                kept = [one for one in statement.decorator_list if not module._is_of(one, carriers)]
                statement.decorator_list = kept
        return module

    def _is_of(self, decorator: ast.expr, modules: frozenset[str]) -> bool:
        """Whether a decorator comes from one of these modules."""
        call = decorator.func if isinstance(decorator, ast.Call) else decorator
        for root, attributes in _names(call):
            for bound in self.bindings.get(root, []):
                origin, name = targets(self, bound).get(root, ("", None))
                if ".".join([origin, *attributes[:-1]] if name is None else [origin]) in modules:
                    return True
        return False

    def facts(self, statement: ast.stmt) -> Facts:
        """What one of its statements says; found out once."""
        if id(statement) not in self._facts:
            nodes = list(ast.walk(statement))
            texts = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
            imports = [targets(self, node) for node in nodes if isinstance(node, (ast.Import, ast.ImportFrom))]
            self._facts[id(statement)] = Facts(
                ast.dump(statement),
                list(_names(statement)),
                [text for text in texts if text.endswith(DATA)],
                {name: target for one in imports for name, target in one.items()},
            )
        return self._facts[id(statement)]

    def absolute(self, statement: ast.ImportFrom) -> str:
        """The full name of the module that a `from ... import` names, relative forms resolved."""
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
    """The names that a top-level statement binds, compound statements searched."""
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


def targets(module: Module, statement: ast.stmt) -> dict[str, tuple[str, str | None]]:
    """What an import statement binds: local name -> (module, name in it), also inside compound statements."""
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


def _names(tree: ast.AST) -> Iterator[tuple[str, list[str]]]:
    """Every name that is used, with the attributes taken from it: `zoo.STANDARD` -> ("zoo", ["STANDARD"])."""
    stack: list[ast.AST] = [tree]
    while stack:
        node = stack.pop()
        attributes: list[str] = []
        inner = node
        while isinstance(inner, ast.Attribute):
            attributes.insert(0, inner.attr)
            inner = inner.value
        if isinstance(inner, ast.Name):
            yield inner.id, attributes
        else:
            stack.extend(ast.iter_child_nodes(inner))


class _Strip(ast.NodeTransformer):
    """Drop what cannot change a result: docstrings and the annotations of functions."""

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
