"""Code of a package as pages show it: a function or class by its qualified name, ready to be copied.

The result holds the imports and constants that the code uses, then its text with comments. Decorators of the package
are removed and annotations simplified (`Tensor` for `Float[Tensor, "batch *shape"]`), so that the code runs with torch
alone.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from advlab.engine.cache.source import SNAPSHOT

#: Represents the package of a relative import.
OWN = "."


def _is_own(package: str | None) -> bool:
    return package == OWN or package in SNAPSHOT.packages


class UnknownCode(KeyError):
    """A page shows code under a name that no package defines."""

    def __str__(self) -> str:
        return str(self.args[0])


def code(name: str) -> str:
    """Return the definition `package.module.function` as text.

    Raises:
        UnknownCode: there is no such module, or it defines no such function or class.
    """
    module, _, top = name.rpartition(".")
    path = _file(module)
    if path is None:
        raise UnknownCode(f"{name}: there is no file {module.replace('.', '/')}.py")
    return definition(path.read_text(encoding="utf-8"), top, name)


def _file(module: str) -> Path | None:
    """Return the file of a module of the packages; None for any other module."""
    top, _, rest = module.partition(".")
    if top not in SNAPSHOT.packages:
        return None
    place = SNAPSHOT.packages[top] / rest.replace(".", "/")
    return next((path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file()), None)


def definition(text: str, top: str, name: str) -> str:
    """Return a top-level function or class of a module, as text.

    Args:
        text: the text of the module.
        top: name of the function or class.
        name: its qualified name, for the message.

    Raises:
        UnknownCode: the module defines no such function or class at its top level.
        SyntaxError: the text is not Python.
    """
    tree = ast.parse(text)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == top:
            body = _plain(node, text, _origins(tree))
            constants = _constants(tree, ast.parse(body))
            imports = _imports(tree, ast.parse(body), constants)
            values = "\n".join(f"{constant} = {ast.unparse(value)}" for constant, value in constants.items())
            return "\n\n\n".join(part for part in ("\n\n".join(filter(None, [imports, values])), body) if part)
    raise UnknownCode(f"{name}: the module defines no function or class {top!r} at its top level")


def _origins(tree: ast.Module) -> dict[str, str]:
    """Return the package of each imported name."""
    origins: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.Import):
            tops = {alias.asname or alias.name: alias.name for alias in node.names}
            origins |= {name.partition(".")[0]: module.partition(".")[0] for name, module in tops.items()}
        elif isinstance(node, ast.ImportFrom):
            package = OWN if node.level else (node.module or "").partition(".")[0]
            origins |= {alias.asname or alias.name: package for alias in node.names}
    return origins


def _plain(node: ast.FunctionDef | ast.ClassDef, text: str, origins: dict[str, str]) -> str:
    """Return the text with short docstrings, simple annotations and no own decorators; edits in place keep comments."""
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line.encode()) + 1)
    source = text.encode()

    def span(of: ast.expr | ast.stmt) -> tuple[int, int]:
        begin = starts[of.lineno - 1] + of.col_offset
        return begin, starts[(of.end_lineno or of.lineno) - 1] + (of.end_col_offset or 0)

    edits = []
    for annotation in _annotations(node):
        simple = ast.unparse(_Simple(origins).visit(ast.parse(ast.unparse(annotation), mode="eval")))
        if simple != ast.unparse(annotation):
            edits.append((*span(annotation), simple))
    for inner in ast.walk(node):
        if isinstance(inner, ast.FunctionDef | ast.ClassDef) and "\n" in (ast.get_docstring(inner, clean=False) or ""):
            begin, end = span(inner.body[0])  # keep the first line: the page itself explains the rest
            written = source[begin:end].decode()
            edits.append((begin, end, written.splitlines()[0].rstrip() + written[-3:]))
    foreign = [one for one in node.decorator_list if not _is_own(_root(one, origins))]
    last = starts[node.end_lineno or node.lineno] - 1
    for begin, end, new in sorted(edits, reverse=True):
        source = source[:begin] + new.encode() + source[end:]
        last += len(new.encode()) - (end - begin)
    kept = [f"@{ast.unparse(one)}" for one in foreign]
    return "\n".join([*kept, source[starts[node.lineno - 1] : last].decode().rstrip()])


def _annotations(node: ast.AST) -> Iterator[ast.expr]:
    """Yield every annotation within a definition: of arguments, results, attributes and variables."""
    for inner in ast.walk(node):
        annotation = getattr(inner, "returns" if isinstance(inner, ast.FunctionDef) else "annotation", None)
        if annotation is not None:
            yield annotation


def _root(decorator: ast.expr, origins: dict[str, str]) -> str | None:
    """Return the package that a decorator comes from; None for a built-in one."""
    names = [inner.id for inner in ast.walk(decorator) if isinstance(inner, ast.Name)]
    return origins.get(names[0]) if names else None


class _Simple(ast.NodeTransformer):
    """Replace jaxtyping's `Float[Tensor, "..."]` with `Tensor`."""

    def __init__(self, origins: dict[str, str]) -> None:
        self.origins = origins

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        self.generic_visit(node)
        typed = isinstance(node.value, ast.Name) and self.origins.get(node.value.id) == "jaxtyping"
        return node.slice.elts[0] if typed and isinstance(node.slice, ast.Tuple) else node


def _constants(module: ast.Module, shown: ast.Module) -> dict[str, ast.expr]:
    """Return the literal constants that the shown text uses, from its own module or imported from the packages."""
    used = {node.id for node in ast.walk(shown) if isinstance(node, ast.Name)}
    found = {name: value for name, value in _literals(module).items() if name in used}
    for own, (origin, name) in _own_imports(module).items():
        if own in used and (value := _literal(origin, name)) is not None:
            found[own] = value
    return found


def _own_imports(module: ast.Module) -> dict[str, tuple[str, str]]:
    """Return what a module imports from the packages: local name -> (module, name in it)."""
    statements = (node for node in module.body if isinstance(node, ast.ImportFrom) and node.module)
    return {
        alias.asname or alias.name: (node.module or "", alias.name)
        for node in statements
        if _is_own((node.module or "").partition(".")[0])
        for alias in node.names
    }


def _literal(module: str, name: str) -> ast.expr | None:
    """Return the literal that a name of a module stands for, through re-exports; None for anything else."""
    path = _file(module)
    if path is None:
        return None
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if name in (literals := _literals(tree)):
        return literals[name]
    origin = _own_imports(tree).get(name)
    return _literal(*origin) if origin else None


def _literals(module: ast.Module) -> dict[str, ast.expr]:
    """Return the names that a module assigns to a literal, such as a number, a string or a tuple of these."""
    found = {}
    for node in module.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            try:
                ast.literal_eval(node.value)
            except ValueError:
                continue
            found[node.targets[0].id] = node.value
    return found


def _imports(module: ast.Module, shown: ast.Module, constants: dict[str, ast.expr]) -> str:
    """Return the module's import statements, reduced to the names that the shown text uses."""
    used = {node.id for node in ast.walk(shown) if isinstance(node, ast.Name)} - constants.keys()
    found: list[ast.stmt] = []
    for node in module.body:
        if isinstance(node, ast.Import | ast.ImportFrom) and getattr(node, "module", "") != "__future__":
            names = [alias for alias in node.names if (alias.asname or alias.name.partition(".")[0]) in used]
            if names:
                found.append(_kept(node, names))
    plain = sorted(ast.unparse(node) for node in found if isinstance(node, ast.Import))
    return "\n".join([*plain, *sorted(ast.unparse(node) for node in found if isinstance(node, ast.ImportFrom))])


def _kept(node: ast.Import | ast.ImportFrom, names: list[ast.alias]) -> ast.stmt:
    return ast.Import(names) if isinstance(node, ast.Import) else ast.ImportFrom(node.module, names, node.level)
