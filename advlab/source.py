"""The source that a function reaches, read from files on disk and hashed as syntax trees.

`Source(...).reached("advlab.zoo:trained")` follows names: the function, the globals that it uses, their
definitions, and so on through every module of the package, re-exports resolved. What it finds is hashed without
docstrings, comments, line numbers or annotations of functions. So a change that can matter changes the hash, and a
change in a module's other functions does not.

It over-approximates: a local variable that is called like a global reaches the global; a module that is used as a
value is reached whole; what a module does at its top level besides defining names (statements, loops, `with`)
belongs to each of its names. A text that names a data file of the package stands for its
content. It refuses what it cannot follow (`from x import *`). What it cannot see (registries,
`getattr` by string) is forbidden below `chapters/` and found by a test that traces what really ran.

Files are read once, when this module is imported. That is the *snapshot*: `Source.unchanged` tells whether what
lies on disk is still what was hashed, so that a result of edited code is never kept under the key of other code.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from advlab.syntax import Module, targets

PACKAGE = Path(__file__).resolve().parent

#: Modules that carry results and do not make them: a change in them makes no stored result wrong.
CARRIERS = frozenset(f"advlab.{name}" for name in ("store", "source", "syntax", "versions", "stored", "progress"))


@dataclass(frozen=True)
class Reached:
    """What a function reaches: definitions ("module:name" -> hash), foreign packages, data files (path -> hash)."""

    definitions: dict[str, str]
    packages: frozenset[str]
    files: dict[str, str] = field(default_factory=dict)

    @functools.cached_property
    def digest(self) -> str:
        parts = [sorted(self.definitions.items()), sorted(self.files.items())]
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    @property
    def modules(self) -> set[str]:
        return {name.partition(":")[0] for name in self.definitions}


class Source:
    """The modules of a package, as they lay on disk when this object was made."""

    def __init__(self, package: Path = PACKAGE, carriers: Iterable[str] = CARRIERS) -> None:
        self.package = package
        self.carriers = frozenset(carriers)
        self._texts = _texts(package)
        self._modules: dict[str, Module] = {}
        self._reached: dict[tuple[str, ...], Reached] = {}

    def module(self, name: str) -> Module | None:
        if name in self._texts and name not in self._modules:
            path, text = self._texts[name]
            self._modules[name] = Module.parse(name, text, path.name == "__init__.py", self.carriers)
        return self._modules.get(name)

    def reached(self, *targets: str) -> Reached:
        """What the targets ("module:name") reach. Raises KeyError for a target that does not exist."""
        if targets in self._reached:
            return self._reached[targets]
        walk = _Walk(self)
        for target in targets:
            name, _, top = target.partition(":")
            module = self.module(name)
            if module is None or top not in module.bindings:
                raise KeyError(f"{target}: no such definition in the source of {self.package.name}")
            walk.visit(name, top)
        self._reached[targets] = Reached(walk.definitions, frozenset(walk.packages), walk.files)
        return self._reached[targets]

    def reached_by_text(self, text: str) -> Reached:
        """What a program (a snippet) reaches that lies outside the package and imports from it."""
        walk = _Walk(self)
        module = Module.parse("__snippet__", text, is_package=False)
        walk.statements(module, [*(s for bound in module.bindings.values() for s in bound), *module.effects])
        return Reached(walk.definitions, frozenset(walk.packages), walk.files)

    def unchanged(self, reached: Reached) -> bool:
        """Whether the files behind it, code and data, still hold what was read."""
        for name in reached.modules:
            path, text = self._texts[name]
            try:
                if path.read_text(encoding="utf-8") != text:
                    return False
            except OSError:
                return False
        return all(_hash(self.package / name) == before for name, before in reached.files.items())


class _Walk:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.definitions: dict[str, str] = {}
        self.packages: set[str] = set()
        self.files: dict[str, str] = {}
        self._seen: set[str] = set()

    def visit(self, module_name: str, name: str) -> None:
        """Reach a module's top-level name: its definition, or what it is imported from."""
        key = f"{module_name}:{name}"
        module = self.source.module(module_name)
        if module is None or module_name in self.source.carriers or key in self._seen:
            return
        self._seen.add(key)
        if name in module.bindings:
            self._effects(module)
            for statement in module.bindings[name]:
                if isinstance(statement, (ast.Import, ast.ImportFrom)):
                    self._imported(targets(module, statement).get(name), [])
                else:
                    self._record(key, module, statement)
                    self.statements(module, [statement])

    def statements(self, module: Module, statements: Iterable[ast.stmt]) -> None:
        """Reach all names that these statements use."""
        for statement in statements:
            facts = module.facts(statement)
            for root, attributes in facts.names:
                if root in facts.imports:
                    self._imported(facts.imports[root], attributes)
                    continue
                bound = module.bindings.get(root, [])
                imports = [s for s in bound if isinstance(s, (ast.Import, ast.ImportFrom))]
                for one in imports:
                    self._imported(targets(module, one)[root], attributes)
                if len(imports) < len(bound):
                    self.visit(module.name, root)

    def _imported(self, target: tuple[str, str | None] | None, attributes: list[str]) -> None:
        """Reach what an import statement binds, and the attributes taken from it."""
        if target is None:
            return
        origin, name = target
        top = origin.partition(".")[0]
        if top != self.source.package.name:
            if top not in sys.stdlib_module_names:
                self.packages.add(top)
            return
        self._attribute(origin, [name, *attributes] if name else attributes)

    def _attribute(self, module_name: str, attributes: list[str]) -> None:
        """Reach `module.attribute...`: a name that it binds, else a submodule, else the module as a whole."""
        module = self.source.module(module_name)
        if module is None:
            return
        if attributes and attributes[0] in module.bindings:
            self._through(module, attributes[0], attributes[1:])
        elif attributes and self.source.module(f"{module_name}.{attributes[0]}"):
            self._attribute(f"{module_name}.{attributes[0]}", attributes[1:])
        else:
            self._whole(module_name)

    def _through(self, module: Module, name: str, attributes: list[str]) -> None:
        """Reach a name of a module; where it re-exports a module, go on with the attributes."""
        for statement in module.bindings[name]:
            if isinstance(statement, (ast.Import, ast.ImportFrom)):
                target = targets(module, statement).get(name)
                if target == (module.name, name):  # a package that imports its own submodule
                    self._attribute(f"{module.name}.{name}", attributes)
                else:
                    self._imported(target, attributes)
                self._effects(module)
            else:
                self.visit(module.name, name)

    def _whole(self, module_name: str) -> None:
        module = self.source.module(module_name)
        if module is None or module_name in self.source.carriers:
            return
        self._effects(module)
        for name in module.bindings:
            self.visit(module_name, name)

    def _effects(self, module: Module) -> None:
        key = f"{module.name}:"
        if key in self._seen or module.name in self.source.carriers:
            return
        self._seen.add(key)
        for statement in module.effects:
            self._record(key, module, statement)
        self.statements(module, module.effects)
        parent = self.source.module(module.name.rpartition(".")[0])
        if parent is not None:  # importing a module runs its packages' top levels first
            self._effects(parent)

    def _record(self, key: str, module: Module, statement: ast.stmt) -> None:
        facts = module.facts(statement)
        text = self.definitions.get(key, "") + facts.tree
        self.definitions[key] = hashlib.sha256(text.encode()).hexdigest()
        for name in facts.texts:
            if (content := _hash(self.source.package / name)) is not None:
                self.files[name] = content


def _hash(path: Path) -> str | None:
    """The hash of a file's content; None where there is no such file."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def _texts(package: Path) -> dict[str, tuple[Path, str]]:
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = list(path.relative_to(package.parent).with_suffix("").parts)
        if parts[-1] == "__init__":
            parts.pop()
        found[".".join(parts)] = (path, path.read_text(encoding="utf-8"))
    return found


#: The package's source as it was when this process started; imported first of all (see `advlab/__init__.py`).
SNAPSHOT = Source()
