"""Code of advlab as pages show it: a function by its qualified name, ready to be copied.

Shown are the imports that it uses and its body with comments, without decorators and with plain annotations
(`Tensor` for `Float[Tensor, "batch *shape"]`), so that it runs where only torch is installed.
"""

from __future__ import annotations

import ast
import textwrap

from advlab.source import PACKAGE


class UnknownCode(KeyError):
    """A page shows code by a name that advlab does not define."""

    def __str__(self) -> str:
        return str(self.args[0])


def code(name: str) -> str:
    """The definition `advlab.package.module.function`, as text. Raises UnknownCode."""
    module, _, top = name.rpartition(".")
    path = PACKAGE.parent.joinpath(*module.split(".")).with_suffix(".py")
    if not path.is_file():
        raise UnknownCode(f"{name}: there is no file {path.relative_to(PACKAGE.parent)}")
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == top:
            body = _plain(node, text)
            imports = _imports(tree, ast.parse(body))
            return f"{imports}\n\n\n{body}" if imports else body
    raise UnknownCode(f"{name}: {path.name} defines no function or class {top!r} at its top level")


def _plain(node: ast.FunctionDef | ast.ClassDef, text: str) -> str:
    """The node's text without decorators, annotations simplified in place so that comments stay."""
    lines = text.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line.encode()))
    source = text.encode()

    def offset(line: int, column: int) -> int:
        return starts[line - 1] + column

    begin, end = offset(node.lineno, 0), offset(node.end_lineno or node.lineno, node.end_col_offset or 0)
    edits = []
    for inner in ast.walk(node):
        if isinstance(inner, ast.FunctionDef):
            arguments = inner.args
            every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
            for annotation in [*(a.annotation for a in every), inner.returns]:
                if annotation is not None:
                    first = offset(annotation.lineno, annotation.col_offset)
                    last = offset(annotation.end_lineno or 0, annotation.end_col_offset or 0)
                    edits.append((first, last, ast.unparse(_Simple().visit(annotation))))
        if isinstance(inner, ast.FunctionDef | ast.ClassDef) and (long := ast.get_docstring(inner)) and "\n" in long:
            said = inner.body[0]  # its first sentence is enough beside the page's own words
            first = offset(said.lineno, said.col_offset)
            last = offset(said.end_lineno or 0, said.end_col_offset or 0)
            edits.append((first, last, f'"""{long.splitlines()[0]}"""'))
    for first, last, new in sorted(edits, reverse=True):
        source = source[:first] + new.encode() + source[last:]
        end += len(new.encode()) - (last - first)
    return textwrap.dedent(source[begin:end].decode()).rstrip()


class _Simple(ast.NodeTransformer):
    """jaxtyping's `Float[Tensor, "..."]` and the house's aliases of it become `Tensor`."""

    ALIASES = frozenset({"Images", "Labels", "Logits"})

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        if isinstance(node.slice, ast.Tuple) and isinstance(node.slice.elts[-1], ast.Constant):
            return node.slice.elts[0]
        self.generic_visit(node)
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name("Tensor") if node.id in self.ALIASES else node


def _imports(module: ast.Module, shown: ast.Module) -> str:
    """The module's import statements, cut down to the names that the shown text uses."""
    used = {node.id for node in ast.walk(shown) if isinstance(node, ast.Name)}
    found: list[ast.stmt] = []
    for node in module.body:
        if isinstance(node, ast.Import | ast.ImportFrom) and getattr(node, "module", "") != "__future__":
            names = [a for a in node.names if (a.asname or a.name.partition(".")[0]) in used]
            if names:
                used -= {a.asname or a.name.partition(".")[0] for a in names}
                found.append(_kept(node, names))
    if "Tensor" in used:  # named by an alias only, so the module itself may not import it
        found.append(ast.ImportFrom("torch", [ast.alias("Tensor")], 0))
    plain = sorted(ast.unparse(node) for node in found if isinstance(node, ast.Import))
    return "\n".join([*plain, *sorted(ast.unparse(node) for node in found if isinstance(node, ast.ImportFrom))])


def _kept(node: ast.Import | ast.ImportFrom, names: list[ast.alias]) -> ast.stmt:
    return ast.Import(names) if isinstance(node, ast.Import) else ast.ImportFrom(node.module, names, node.level)
