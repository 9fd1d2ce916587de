"""What names one book to the engine: its chapters, its looks, its data files, what its programs are given."""

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

if TYPE_CHECKING:  # it imports torch, which rendering pages does without
    from advlab.engine.cache.computation import Computation


@dataclass(frozen=True)
class Edition:
    """One book. Functions are named ("package.module:function"), so that only who needs them imports them.

    Args:
        module: where this edition is defined; other processes find it there.
        root: the folder that holds docs/, snippets/, mkdocs.yml and CITATION.cff.
        chapters: the package of the chapters.
        scheme: `scheme("light")`, a context in which figures are drawn in that colour scheme.
        save: `save(figure)`, a figure as SVG.
        paths, glossary, bibliography, identifiers, published: data files of the pages.
        recorded: the folder of results that no build measures.
        provenance_page, bibliography_page: addresses of the pages that list every measurement and every work cited.
        given: `given(profile)`, the computations that programs of snippets/ find done.
        notebook: the program, below snippets/, that is shown as a notebook.
        packages: distributions whose versions the pages name.
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
        """The folder of the pages."""
        return self.root / "docs"

    @property
    def snippets(self) -> Path:
        """The folder of the programs that pages show."""
        return self.root / "snippets"

    @property
    def configuration(self) -> Path:
        """MkDocs' configuration, which holds the navigation."""
        return self.root / "mkdocs.yml"

    def relative(self, path: Path) -> str:
        """A file as messages name it: from the root, where it lies below."""
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(path)

    def given_to_programs(self, profile: Profile) -> Sequence[Computation]:
        """What must be there before a program of snippets/ runs."""
        found: Sequence[Computation] = imported(self.given)(profile) if self.given else ()
        return found


def imported(name: str) -> Callable[..., Any]:
    """The function that "package.module:function" names. Raises AttributeError where the module has none."""
    module, _, function = name.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return found


@cache
def load(module: str) -> Edition:
    """The `EDITION` of a module; the source of its package is read before any of it is imported.

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
