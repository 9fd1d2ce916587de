"""The progress display of a build: what is being trained or measured, how far it is, and the time left."""

from __future__ import annotations

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID

from advlab.engine.cache.computation import Computation
from advlab.engine.cache.kinds import KINDS
from advlab.engine.cache.store import Store


class ProgressBar:
    """Progress on standard error: bars on a terminal, plain lines elsewhere (a log), nothing if quiet.

    Args:
        computations: the computations to be done.
        workers: number of computations that run in parallel.
        store: the store, whose entries tell how long each computation took before.
        quiet: whether to print nothing.
    """

    def __init__(self, computations: list[Computation], workers: int, store: Store, quiet: bool) -> None:
        self.quiet = quiet
        self.workers = workers
        remembered: dict[tuple[str, str], float] = {}
        for entry in store.entries():
            remembered.setdefault((entry.kind, entry.name), float(entry.meta.get("seconds", 0)))
        self.names = {one.key: f"{KINDS[one.kind].doing} {one.name}" for one in computations}
        self.expected = {one.key: remembered.get((one.kind, one.name), KINDS[one.kind].seconds) for one in computations}
        self.done = dict.fromkeys(self.expected, 0.0)
        self.began: dict[str, float] = {}
        self.console = Console(stderr=True)
        self.live = self.console.is_terminal and not quiet
        columns = ("{task.description}", BarColumn(), "{task.percentage:3.0f}%", "{task.fields[left]}")
        self.progress = Progress(*columns, console=self.console, disable=not self.live, transient=True)
        self.total = self.progress.add_task("the site's results", total=1.0, left="")
        self.rows: dict[str, TaskID] = {}

    def __enter__(self) -> ProgressBar:
        self.progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.progress.stop()

    def starts(self, key: str) -> None:
        """Show that the computation with this key has started."""
        self.began[key] = time.monotonic()
        self.rows[key] = self.progress.add_task(f"  {self.names[key]}", total=1.0, left="")
        self._line(f"{self.names[key]} ...")

    def reports(self, key: str, fraction: float) -> None:
        """Show how much of a running computation is done (0 to 1) and update the estimate of its time."""
        if key in self.rows and self.done[key] < 1:
            self.done[key] = min(fraction, 0.99)
            spent = time.monotonic() - self.began[key]
            if fraction > 0.02:
                self.expected[key] = spent / fraction
            self.progress.update(self.rows[key], completed=fraction)
            self.tick()

    def ends(self, key: str, seconds: float) -> None:
        """Show that a computation has ended after this many seconds."""
        self.done[key], self.expected[key] = 1.0, seconds
        self.progress.remove_task(self.rows.pop(key))
        done = sum(fraction == 1.0 for fraction in self.done.values())
        self._line(f"{self.names[key]}: {seconds:.1f} s ({done} of {len(self.done)}, {self._left()})")
        self.tick()

    def tick(self) -> None:
        """Update the overall bar and the time left."""
        whole = sum(self.expected.values())
        done = sum(self.expected[key] * self.done[key] for key in self.expected)
        self.progress.update(self.total, completed=done / whole if whole else 1.0, left=self._left())

    def _left(self) -> str:
        """Return the time left: the total divided by the number of workers, but at least the longest computation."""
        left = [self.expected[key] * (1 - self.done[key]) for key in self.expected]
        seconds = max(sum(left) / self.workers, max(left, default=0.0))
        return f"about {int(seconds // 60)}:{int(seconds % 60):02d} left"

    def _line(self, text: str) -> None:
        if not self.live and not self.quiet:
            print(text, file=sys.stderr, flush=True)
