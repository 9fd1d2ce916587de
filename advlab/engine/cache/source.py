"""The source that a function reaches, read from files on disk and hashed as syntax trees.

`Source(...).reached("advlab.zoo:trained")` follows names: from the function to the globals it uses, from these to
their definitions, and so on through every module of the packages, resolving re-exports. The hash of a definition
covers its code (see `advlab.engine.cache.syntax`) and the hashes of everything it uses, in source order. A change that
can affect the result therefore changes the hash. An edit to other functions of the module does not, nor does moving or
renaming a module.

The analysis over-approximates. A local variable that shares its name with a global reaches the global. A module used
as a value is reached completely. Top-level code that does more than define names (statements, loops, `with`) counts for
every name of its module. A string that matches the end of a data file's path stands for the content of that file.
Code that cannot be followed (`from x import *`) is an error. What the analysis cannot see (registries, `getattr` with
a string, file names assembled at run time) is forbidden in `chapters/`; a test that traces real runs finds violations.

Files are read once, when this module is imported. This is the *snapshot*: `Source.unchanged` tells whether the files
on disk are still the ones that were hashed, so that a result of edited code is never stored under the key of other
code.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from advlab.engine.cache.hashing import Hashes, Node, file_hash, text_hash
from advlab.engine.cache.modules import Modules
from advlab.engine.cache.syntax import Module, Use, imports

PACKAGE = Path(__file__).resolve().parents[2]

#: Modules that transport results without computing them: no edit to these invalidates a stored result.
_CARRIERS = ("store", "source", "syntax", "modules", "hashing", "versions", "computation", "progress")
CARRIERS = frozenset(["advlab.engine.chapter", *(f"advlab.engine.cache.{name}" for name in _CARRIERS)])


@dataclass(frozen=True)
class Reached:
    """The source that functions reach.

    Args:
        digest: one hash over all of it.
        definitions: hash of each definition, by "module:name".
        packages: import names of packages outside the hashed ones and the standard library.
        files: hash of each data file, by path.
    """

    digest: str
    definitions: dict[str, str] = field(default_factory=dict)
    packages: frozenset[str] = frozenset()
    files: dict[str, str] = field(default_factory=dict)

    @property
    def modules(self) -> set[str]:
        """Names of the modules that hold the definitions."""
        return {name.partition(":")[0] for name in self.definitions}


class Source:
    """The modules of packages as they were on disk when this object read them.

    Args:
        packages: folders of the packages to read.
        carriers: names of modules that transport results without computing them.
    """

    def __init__(self, *packages: Path, carriers: Iterable[str] = ()) -> None:
        self.modules = Modules(carriers)
        self.packages, self.carriers = self.modules.packages, self.modules.carriers
        self._nodes: dict[str, Node] = {}
        self._hashes = Hashes(self._node)
        for package in packages:
            self.add(package)

    def add(self, package: Path) -> None:
        """Read another package; call this before any of its modules is imported."""
        self.modules.add(package)

    def reached(self, *targets: str, program: str = "") -> Reached:
        """Find the source that definitions, and a program outside the packages, reach.

        Args:
            targets: definitions as "module:name"; these are included even if they belong to a carrier.
            program: text of the program.

        Raises:
            KeyError: a definition does not exist.
            UnfollowableSource: the source contains `from ... import *`.
            SyntaxError: the program or a module cannot be parsed.
        """
        nodes: list[str] = []
        for target in targets:
            name, _, top = target.partition(":")
            module = self.modules.get(name)
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
        """Return whether the code and data files of `reached` still have the content that was read."""
        code = all(self.modules.unchanged(name) for name in reached.modules)
        return code and all(file_hash(Path(path)) == before for path, before in reached.files.items())

    # --- Nodes ---------------------------------------------------------------------------------------------------

    def _node(self, name: str) -> Node:
        if name not in self._nodes:
            module_name, _, top = name.partition(":")
            module = self.modules.get(module_name)
            assert module is not None
            if top:
                plain = [s for s in module.bindings[top] if not isinstance(s, (ast.Import, ast.ImportFrom))]
            else:
                plain = module.effects
            trees = "".join(module.read(statement, self.modules.follow).tree for statement in plain)
            self._nodes[name] = Node(trees, tuple(self._used(module, plain)))
        return self._nodes[name]

    def _effects(self, module: Module) -> Iterator[str]:
        """Yield the nodes that run when a module is imported: top-level code of its parent packages, then its own."""
        parent = self.modules.get(module.name.rpartition(".")[0])
        if parent is not None:
            yield from self._effects(parent)
        if module.effects and module.name in self.modules and module.name not in self.carriers:
            yield f"{module.name}:"

    def _used(self, module: Module, statements: Iterable[ast.stmt]) -> Iterator[str]:
        """Yield the nodes, foreign names and data files that statements use, in source order."""
        for statement in statements:
            for use in module.read(statement, self.modules.follow).uses:
                yield from self._use(module, use)

    def _use(self, module: Module, use: Use) -> Iterator[str]:
        if use.is_text:
            yield from (f"/{path}" for path in self.modules.data_files(use.root))
        elif use.origin is not None:
            yield from self._imported(use.origin, use.attributes)
        else:
            yield from self._named(module.name, (use.root, *use.attributes), of=module)

    def _named(
        self, module_name: str, names: tuple[str, ...], of: Module | None = None, stop: bool = True
    ) -> Iterator[str]:
        """Yield the nodes of a module's top-level name: its definition, and the source it is imported from.

        Args:
            module_name: name of the module.
            names: the top-level name, then the attributes taken from it.
            of: the module itself, if the name is used inside it.
            stop: whether to leave out definitions of carriers.
        """
        module = of or self.modules.get(module_name)
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
        # The statements of a program, which is no module of the packages, are read one by one.
        if defined and module_name in self.modules and not is_carrier:
            yield f"{module_name}:{names[0]}"

    def _imported(self, origin: tuple[str, str | None], attributes: tuple[str, ...]) -> Iterator[str]:
        """Yield the nodes of an imported name, and of the attributes taken from it."""
        module_name, name = origin
        path = (name, *attributes) if name else attributes
        found = self.modules.at(module_name, path)
        if found is None:
            yield f"={'.'.join([module_name, *path])}"
            return
        module_name, path = found[0], path[found[1] :]
        module = self.modules.get(module_name)
        if module is None or module_name in self.carriers:
            return
        if path:
            yield from self._named(module_name, path)
        else:  # the module is used as a value: include all of it
            yield from self._effects(module)
            for name in module.bindings:
                yield from self._named(module_name, (name,))

    # --- Hashes --------------------------------------------------------------------------------------------------

    def _reached(self, nodes: tuple[str, ...]) -> Reached:
        self._hashes.add(nodes)
        seen: set[str] = set()
        pending = list(nodes)
        while pending:
            name = pending.pop()
            if name not in seen:
                seen.add(name)
                pending += [] if name[0] in "=/" else self._node(name).uses
        return Reached(
            digest=text_hash([self._hashes[name] for name in nodes]),
            definitions={name: self._hashes[name] for name in seen if name[0] not in "=/"},
            packages=frozenset(
                top for name in seen if name[0] == "=" and (top := name[1:].partition(".")[0]) not in _STANDARD
            ),
            files={name[1:]: self._hashes[name] for name in seen if name[0] == "/"},
        )


_STANDARD = sys.stdlib_module_names


#: The package's source as it was when this process started; `advlab/__init__.py` therefore imports this module first.
#: Loading an edition from another package adds that package.
SNAPSHOT = Source(PACKAGE, carriers=CARRIERS)
