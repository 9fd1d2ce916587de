"""Editions: each describes one book to the engine, with its chapters, figure style, data files and programs."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advlab.engine.cache.profile import Profile
from advlab.engine.cache.source import SNAPSHOT

if TYPE_CHECKING:  # importing it loads torch, which rendering pages does not need
    from advlab.engine.cache.computation import Computation


@dataclass(frozen=True)
class Edition:
    """One book. Functions are given by name ("package.module:function"), so that they are imported only when needed.

    Args:
        module: module that defines this edition; other processes load it from there.
        root: folder that holds docs/, snippets/, mkdocs.yml and CITATION.cff.
        chapters: name of the package of the chapters.
        scheme: name of a function; `scheme("light")` is a context in which figures are drawn in that colour scheme.
        save: name of a function; `save(figure)` returns the figure as SVG.
        paths, glossary, bibliography, identifiers, published: data files of the pages.
        recorded: folder of results that no build measures.
        provenance_page, bibliography_page: addresses of the pages that list every measurement and every cited work.
        given: name of a function; `given(profile)` lists the computations that must be stored before programs of
            snippets/ run.
        notebook: path, below snippets/, of the program that is shown as a notebook.
        packages: distributions whose versions the pages show.
    """

    module: str
    root: Path
    chapters: str
    scheme: str
    save: str
    paths: Path
    glossary: Path
    bibliography: Path
    identifiers: Path
    published: Path
    recorded: Path
    provenance_page: str
    bibliography_page: str
    given: str | None = None
    notebook: str | None = None
    packages: tuple[str, ...] = ()

    @property
    def package(self) -> str:
        """The package that the book belongs to."""
        return self.module.partition(".")[0]

    @property
    def docs(self) -> Path:
        """Folder of the pages."""
        return self.root / "docs"

    @property
    def snippets(self) -> Path:
        """Folder of the programs that pages show."""
        return self.root / "snippets"

    @property
    def configuration(self) -> Path:
        """Configuration file of MkDocs, which holds the navigation."""
        return self.root / "mkdocs.yml"

    def relative(self, path: Path) -> str:
        """Return the path of a file for messages: relative to the root if it is below it."""
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(path)

    def given_to_programs(self, profile: Profile) -> Sequence[Computation]:
        """List the computations that must be stored before a program of snippets/ runs."""
        found: Sequence[Computation] = imported(self.given)(profile) if self.given else ()
        return found


def imported(name: str) -> Callable[..., Any]:
    """Import and return the function that "package.module:function" names.

    Raises:
        ModuleNotFoundError: there is no such module.
        AttributeError: the module has no such function.
    """
    module, _, function = name.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return found


@cache
def load(module: str) -> Edition:
    """Return the `EDITION` of a module; the source of its package is read before any of it is imported.

    Raises:
        ModuleNotFoundError: there is no such module.
        TypeError: the module defines no `EDITION`.
    """
    spec = importlib.util.find_spec(module.partition(".")[0])
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"there is no package {module.partition('.')[0]!r} that could hold an edition")
    SNAPSHOT.add(Path(spec.submodule_search_locations[0]).resolve())
    edition = getattr(importlib.import_module(module), "EDITION", None)
    if not isinstance(edition, Edition):
        raise TypeError(f"{module} defines no EDITION (advlab.engine.editions.Edition)")
    return edition
