"""The files of packages as they were read once, and where names in their modules lead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from advlab.engine.cache.syntax import Module, imports


class Modules:
    """The modules and data files of packages as they were on disk when they were added.

    Args:
        carriers: names of modules that transport results without computing them; their decorators are left out.
    """

    def __init__(self, carriers: Iterable[str] = ()) -> None:
        self.packages: dict[str, Path] = {}
        self.carriers = frozenset(carriers)
        self._texts: dict[str, tuple[Path, str]] = {}
        self._data: dict[str, list[Path]] = {}
        self._parsed: dict[str, Module] = {}

    def add(self, package: Path) -> None:
        """Read another package; call this before any of its modules is imported."""
        if package.name in self.packages:
            return
        self.packages[package.name] = package
        for path in sorted(package.rglob("*")):
            if path.suffix == ".py":
                self._texts[_module_name(package, path)] = (path, path.read_text(encoding="utf-8"))
            elif path.is_file() and "__pycache__" not in path.parts:
                self._data.setdefault(path.name, []).append(path)

    def __contains__(self, name: str) -> bool:
        """Return whether the packages have a module of this name."""
        return name in self._texts

    def get(self, name: str) -> Module | None:
        """Return the parsed module of this name; None if the packages have none.

        Raises:
            UnfollowableSource: the module contains `from ... import *`.
            SyntaxError: the module cannot be parsed.
        """
        if name in self._texts and name not in self._parsed:
            path, text = self._texts[name]
            self._parsed[name] = Module.parse(name, text, path.name == "__init__.py", self.carriers)
        return self._parsed.get(name)

    def unchanged(self, name: str) -> bool:
        """Return whether the file of a module still has the content that was read."""
        path, text = self._texts[name]
        try:
            return path.read_text(encoding="utf-8") == text
        except OSError:
            return False

    def follow(self, module_name: str, path: Sequence[str]) -> int | None:
        """Return how many names of the path lead to modules and not to definitions.

        None outside the packages, and for a path that leads to nothing: its first name is then a variable that shares
        its name with a module, and only that name tells it from other variables.
        """
        found = self.at(module_name, path)
        if found is None:
            return None
        module = self.get(found[0])
        leads = module is not None and (found[1] == len(path) or path[found[1]] in module.bindings)
        return found[1] if leads else None

    def at(self, module_name: str, path: Sequence[str]) -> tuple[str, int] | None:
        """Return the last module on a path of names and the number of names up to it; None outside the packages."""
        if module_name.partition(".")[0] not in self.packages:
            return None
        for number, name in enumerate(path):
            inner = self._imported_module(module_name, name)
            if inner is None:
                return module_name, number
            module_name = inner
        return module_name, len(path)

    def _imported_module(self, module_name: str, name: str) -> str | None:
        """Return the module that a name in a module refers to, a submodule or an imported one; None for other names."""
        module = self.get(module_name)
        bound = [(module, one) for one in module.bindings.get(name, [])] if module is not None else []
        # A package that imports a submodule from itself binds only the submodule's own name.
        sources = [source for of, one in bound if (source := imports(of, one).get(name)) != (module_name, name)]
        if not sources:
            submodule = f"{module_name}.{name}"
            return submodule if submodule in self else None
        if len(sources) > 1 or sources[0] is None:
            return None
        origin, imported = sources[0]
        found = self.at(origin, [imported] if imported else [])
        return found[0] if found is not None and found[1] == (1 if imported else 0) else None

    def data_files(self, text: str) -> list[Path]:
        """List the data files whose path ends in this text."""
        parts = Path(text).parts
        return [path for path in self._data.get(parts[-1] if parts else "", []) if path.parts[-len(parts) :] == parts]


def _module_name(package: Path, path: Path) -> str:
    parts = list(path.relative_to(package.parent).with_suffix("").parts)
    if parts[-1] == "__init__":
        parts.pop()
    return ".".join(parts)
