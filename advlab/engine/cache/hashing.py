"""Hashes of definitions, each made of what it says and of the hashes of what it uses, cycles included."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Node:
    """A definition ("module:name"), or the top-level code of a module that does more than define names ("module:").

    Args:
        tree: the syntax tree as text.
        uses: in source order, other nodes, "=package.name" for foreign packages and "/path" for data files.
    """

    tree: str
    uses: tuple[str, ...]


class Hashes(dict[str, str]):
    """Hashes by name of a node; `add` makes those that are missing.

    Args:
        node: returns the node of a definition's name.
    """

    def __init__(self, node: Callable[[str], Node]) -> None:
        super().__init__()
        self._node = node

    def add(self, names: Iterable[str]) -> None:
        """Hash these nodes and everything they use."""
        uses: dict[str, tuple[str, ...]] = {}
        pending = list(names)
        while pending:
            name = pending.pop()
            if name not in self and name not in uses:
                uses[name] = () if name[0] in "=/" else self._node(name).uses
                pending += uses[name]
        if not uses:
            return
        import networkx  # here, because it takes a fifth of a second and only keys need it

        graph = networkx.DiGraph()
        graph.add_nodes_from(uses)
        graph.add_edges_from((name, used) for name in uses for used in uses[name] if used in uses)
        # Definitions that use each other in a cycle form one group; each group comes after the groups it uses.
        groups = networkx.condensation(graph)
        for group in reversed(list(networkx.topological_sort(groups))):
            self._add_group(sorted(groups.nodes[group]["members"]))

    def _add_group(self, names: list[str]) -> None:
        """Hash definitions that use each other, in as many rounds as the group has members.

        After that many rounds, two definitions share a hash only if no path through what they use distinguishes them.
        """
        if len(names) == 1 and names[0][0] in "=/":
            (name,) = names
            self[name] = file_hash(Path(name[1:])) or "" if name[0] == "/" else text_hash([name])
            return
        inner = dict.fromkeys(names, "")
        for _ in names:
            inner = {
                name: text_hash([self._node(name).tree, *(inner.get(u) or self.get(u, "") for u in uses)])
                for name in names
                for uses in [self._node(name).uses]
            }
        self.update(inner)


def text_hash(parts: Iterable[str]) -> str:
    """Return one SHA-256 over texts, in their order."""
    return hashlib.sha256(repr(list(parts)).encode()).hexdigest()


def file_hash(path: Path) -> str | None:
    """Return the SHA-256 of a file's content; None if there is no such file."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
