"""The source that a function reaches, read from files on disk and hashed as syntax trees.

`Source(...).reached("advlab.zoo:trained")` follows names: the function, the globals that it uses, their
definitions, and so on through every module of the packages, re-exports resolved. A definition's hash is made of what
it says (`advlab.engine.cache.syntax`) and of the hashes of what it uses, in the order of the text. So a change that can
matter changes the hash; a change in a module's other functions does not, and neither does moving or renaming a module.

It over-approximates: a local variable that is called like a global reaches the global; a module that is used as a
value is reached whole; what a module does at its top level besides defining names (statements, loops, `with`)
belongs to each of its names. A text that is the end of a data file's path stands for the content of that file.
It refuses what it cannot follow (`from x import *`). What it cannot see (registries, `getattr` by string, names
of files that are put together) is forbidden below `chapters/` and found by a test that traces what really ran.

Files are read once, when this module is imported. That is the *snapshot*: `Source.unchanged` tells whether what
lies on disk is still what was hashed, so that a result of edited code is never kept under the key of other code.
"""

from __future__ import annotations

import ast
import hashlib
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from advlab.engine.cache.syntax import Module, Use, imports

PACKAGE = Path(__file__).resolve().parents[2]

#: Modules that carry results and do not make them: a change in them makes no stored result wrong.
_CARRIERS = ("store", "source", "syntax", "versions", "computation", "progress")
CARRIERS = frozenset(["advlab.engine.chapter", *(f"advlab.engine.cache.{name}" for name in _CARRIERS)])


@dataclass(frozen=True)
class Reached:
    """What functions reach: definitions ("module:name" -> hash), foreign packages, data files (path -> hash)."""

    digest: str
    definitions: dict[str, str] = field(default_factory=dict)
    packages: frozenset[str] = frozenset()
    files: dict[str, str] = field(default_factory=dict)

    @property
    def modules(self) -> set[str]:
        return {name.partition(":")[0] for name in self.definitions}


@dataclass(frozen=True)
class _Node:
    """A definition ("module:name"), or what a module does besides defining names ("module:").

    `uses` holds, in the order of the text, other nodes, "=package.name" of foreign packages and "/path" of data files.
    """

    tree: str
    uses: tuple[str, ...]


class Source:
    """The modules of packages, as they lay on disk when this object was made."""

    def __init__(self, *packages: Path, carriers: Iterable[str] = ()) -> None:
        self.packages: dict[str, Path] = {}
        self.carriers = frozenset(carriers)
        self._texts: dict[str, tuple[Path, str]] = {}
        self._data: dict[str, list[Path]] = {}
        self._modules: dict[str, Module] = {}
        self._nodes: dict[str, _Node] = {}
        self._hashes: dict[str, str] = {}
        self._files: dict[str, str] = {}
        for package in packages:
            self.add(package)

    def add(self, package: Path) -> None:
        """Read another package now, before any of it is imported."""
        if package.name in self.packages:
            return
        self.packages[package.name] = package
        for path in sorted(package.rglob("*")):
            if path.suffix == ".py":
                self._texts[_module_name(package, path)] = (path, path.read_text(encoding="utf-8"))
            elif path.is_file() and "__pycache__" not in path.parts:
                self._data.setdefault(path.name, []).append(path)

    def module(self, name: str) -> Module | None:
        if name in self._texts and name not in self._modules:
            path, text = self._texts[name]
            self._modules[name] = Module.parse(name, text, path.name == "__init__.py", self.carriers)
        return self._modules.get(name)

    def reached(self, *targets: str, program: str = "") -> Reached:
        """What definitions ("module:name") and the text of a program outside the packages reach.

        A definition that is named here counts in a carrier, too. Raises KeyError for one that does not exist.
        """
        nodes: list[str] = []
        for target in targets:
            name, _, top = target.partition(":")
            module = self.module(name)
            if module is None or top not in module.bindings:
                raise KeyError(f"{target}: no such definition in the source of {', '.join(self.packages)}")
            nodes += self._named(name, (top,), stop=False)
        if program:
            module = Module.parse("__program__", program, is_package=False)
            statements = {id(one): one for bound in module.bindings.values() for one in bound}
            statements |= {id(one): one for one in module.effects}
            nodes += self._used(module, statements.values())
        return self._reached(tuple(nodes))

    def unchanged(self, reached: Reached) -> bool:
        """Whether the files behind it, code and data, still hold what was read."""
        for name in reached.modules:
            path, text = self._texts[name]
            try:
                if path.read_text(encoding="utf-8") != text:
                    return False
            except OSError:
                return False
        return all(_hash(Path(path)) == before for path, before in reached.files.items())

    # --- Nodes ---------------------------------------------------------------------------------------------------

    def _node(self, name: str) -> _Node:
        if name not in self._nodes:
            module_name, _, top = name.partition(":")
            module = self.module(module_name)
            assert module is not None
            if top:
                plain = [s for s in module.bindings[top] if not isinstance(s, (ast.Import, ast.ImportFrom))]
            else:
                plain = module.effects
            trees = "".join(module.read(statement, self._follow).tree for statement in plain)
            self._nodes[name] = _Node(trees, tuple(self._used(module, plain)))
        return self._nodes[name]

    def _effects(self, module: Module) -> Iterator[str]:
        """What runs when a module is imported: its packages' top levels, then its own, where they do anything."""
        parent = self.module(module.name.rpartition(".")[0])
        if parent is not None:
            yield from self._effects(parent)
        if module.effects and module.name in self._texts and module.name not in self.carriers:
            yield f"{module.name}:"

    def _used(self, module: Module, statements: Iterable[ast.stmt]) -> Iterator[str]:
        """The nodes, foreign names and data files that statements use, in the order of the text."""
        for statement in statements:
            for use in module.read(statement, self._follow).uses:
                yield from self._use(module, use)

    def _use(self, module: Module, use: Use) -> Iterator[str]:
        if use.is_text:
            yield from (f"/{path}" for path in self._data_files(use.root))
        elif use.origin is not None:
            yield from self._imported(use.origin, use.attributes)
        else:
            yield from self._named(module.name, (use.root, *use.attributes), of=module)

    def _named(
        self, module_name: str, names: tuple[str, ...], of: Module | None = None, stop: bool = True
    ) -> Iterator[str]:
        """A module's top-level name: its definition, and what it is imported from."""
        module = of or self.module(module_name)
        is_carrier = stop and module_name in self.carriers
        if module is None or (is_carrier and of is None):
            return
        bound = module.bindings.get(names[0], [])
        if bound:
            yield from self._effects(module)
        for statement in bound:
            if isinstance(statement, (ast.Import, ast.ImportFrom)):
                yield from self._imported(imports(module, statement)[names[0]], names[1:])
        defined = any(not isinstance(statement, (ast.Import, ast.ImportFrom)) for statement in bound)
        if defined and module_name in self._texts and not is_carrier:  # a program's own statements are read one by one
            yield f"{module_name}:{names[0]}"

    def _imported(self, origin: tuple[str, str | None], attributes: tuple[str, ...]) -> Iterator[str]:
        """What an import statement binds, and the attributes taken from it."""
        module_name, name = origin
        path = (name, *attributes) if name else attributes
        found = self._module_at(module_name, path)
        if found is None:
            yield f"={'.'.join([module_name, *path])}"
            return
        module_name, path = found[0], path[found[1] :]
        module = self.module(module_name)
        if module is None or module_name in self.carriers:
            return
        if path:
            yield from self._named(module_name, path)
        else:  # the module as a value: all of it
            yield from self._effects(module)
            for name in module.bindings:
                yield from self._named(module_name, (name,))

    def _follow(self, module_name: str, path: list[str]) -> int | None:
        """How many names of the path lead to modules, not definitions; None outside the packages."""
        found = self._module_at(module_name, path)
        return None if found is None else found[1]

    def _module_at(self, module_name: str, path: Sequence[str]) -> tuple[str, int] | None:
        """The last module on a path of names, and how many of them lead to it; None outside the packages."""
        if module_name.partition(".")[0] not in self.packages:
            return None
        for number, name in enumerate(path):
            inner = self._imported_module(module_name, name)
            if inner is None:
                return module_name, number
            module_name = inner
        return module_name, len(path)

    def _imported_module(self, module_name: str, name: str) -> str | None:
        """The module that a name in a module stands for: a submodule, or one that it imports; None for other names."""
        module = self.module(module_name)
        bound = [(module, one) for one in module.bindings.get(name, [])] if module is not None else []
        # A package that imports a submodule from itself binds no other name than the submodule's own.
        sources = [source for of, one in bound if (source := imports(of, one).get(name)) != (module_name, name)]
        if not sources:
            submodule = f"{module_name}.{name}"
            return submodule if submodule in self._texts else None
        if len(sources) > 1 or sources[0] is None:
            return None
        origin, imported = sources[0]
        found = self._module_at(origin, [imported] if imported else [])
        return found[0] if found is not None and found[1] == (1 if imported else 0) else None

    def _data_files(self, text: str) -> list[Path]:
        """The data files whose path ends in this text."""
        parts = Path(text).parts
        return [path for path in self._data.get(parts[-1] if parts else "", []) if path.parts[-len(parts) :] == parts]

    # --- Hashes --------------------------------------------------------------------------------------------------

    def _reached(self, nodes: tuple[str, ...]) -> Reached:
        self._hash_all(nodes)
        seen: dict[str, None] = dict.fromkeys(nodes)
        for name in _while_growing(seen):
            if name[0] not in "=/":
                seen |= dict.fromkeys(self._node(name).uses)
        return Reached(
            digest=_text_hash([self._hashes[name] for name in nodes]),
            definitions={name: self._hashes[name] for name in seen if name[0] not in "=/"},
            packages=frozenset(
                top for name in seen if name[0] == "=" and (top := name[1:].partition(".")[0]) not in _STANDARD
            ),
            files={name[1:]: self._hashes[name] for name in seen if name[0] == "/"},
        )

    def _hash_all(self, nodes: Iterable[str]) -> None:
        """Hash these nodes and all that they use: each strongly connected group after those that it uses."""
        # Tarjan's algorithm, on a stack of its own: definitions that use each other in a circle are one group.
        order: dict[str, int] = {}
        low: dict[str, int] = {}
        group: list[str] = []
        work: list[tuple[str, Iterator[str]]] = []

        def enter(name: str) -> None:
            order[name] = low[name] = len(order)
            group.append(name)
            work.append((name, iter(() if name[0] in "=/" else self._node(name).uses)))

        for root in nodes:
            if root not in self._hashes and root not in order:
                enter(root)
            while work:
                name, uses = work[-1]
                for used in uses:
                    if used in self._hashes:
                        continue
                    if used not in order:
                        enter(used)
                        break
                    low[name] = min(low[name], order[used])
                else:
                    work.pop()
                    if work:
                        low[work[-1][0]] = min(low[work[-1][0]], low[name])
                    if low[name] == order[name]:
                        start = group.index(name)
                        self._hash_group(group[start:])
                        del group[start:]

    def _hash_group(self, names: list[str]) -> None:
        """Hash definitions that use each other: as often as there are members, by what all of them use.

        After so many rounds two definitions have one hash only if no path through what they use tells them apart.
        """
        if len(names) == 1 and names[0][0] in "=/":
            (name,) = names
            self._hashes[name] = _hash(Path(name[1:])) or "" if name[0] == "/" else _text_hash([name])
            return
        inner = dict.fromkeys(names, "")
        for _ in names:
            inner = {
                name: _text_hash([self._node(name).tree, *(inner.get(u) or self._hashes.get(u, "") for u in uses)])
                for name in names
                for uses in [self._node(name).uses]
            }
        self._hashes |= inner


_STANDARD = sys.stdlib_module_names


def _while_growing(seen: dict[str, None]) -> Iterator[str]:
    """Every key of a dictionary that grows meanwhile."""
    done = 0
    while done < len(seen):
        fresh = list(seen)[done:]
        done += len(fresh)
        yield from fresh


def _text_hash(parts: Iterable[str]) -> str:
    return hashlib.sha256(repr(list(parts)).encode()).hexdigest()


def _hash(path: Path) -> str | None:
    """The hash of a file's content; None where there is no such file."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def _module_name(package: Path, path: Path) -> str:
    parts = list(path.relative_to(package.parent).with_suffix("").parts)
    if parts[-1] == "__init__":
        parts.pop()
    return ".".join(parts)


#: The package's source as it was when this process started; imported first of all (see `advlab/__init__.py`).
#: An edition that lies in another package adds it.
SNAPSHOT = Source(PACKAGE, carriers=CARRIERS)
