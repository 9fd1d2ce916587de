"""Hashes of definitions, each made of what it says and of the hashes of what it uses, cycles included."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
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
        """Hash these nodes and everything they use; each strongly connected group comes after the groups it uses."""
        # Tarjan's algorithm with an explicit stack; definitions that use each other in a cycle form one group.
        order: dict[str, int] = {}
        low: dict[str, int] = {}
        group: list[str] = []
        work: list[tuple[str, Iterator[str]]] = []

        def enter(name: str) -> None:
            order[name] = low[name] = len(order)
            group.append(name)
            work.append((name, iter(() if name[0] in "=/" else self._node(name).uses)))

        for root in names:
            if root not in self and root not in order:
                enter(root)
            while work:
                name, uses = work[-1]
                for used in uses:
                    if used in self:
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
                        self._add_group(group[start:])
                        del group[start:]

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
