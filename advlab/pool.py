"""Run computations side by side in fresh processes, with a progress bar that names them and says how long is left."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from multiprocessing.queues import Queue
from types import TracebackType
from typing import Any

from advlab import progress
from advlab.display import Display
from advlab.profile import Profile
from advlab.store import Store
from advlab.stored import Computation


@dataclass(frozen=True)
class Task:
    """A computation, the name by which a worker finds it again, and the keys it waits for."""

    computation: Computation
    what: tuple[str, str]
    after: frozenset[str] = field(default=frozenset())


#: Finds a computation by its name in a worker, and does it: (what, key, profile).
Perform = Callable[[tuple[str, str], str, Profile], None]
_reports: Queue[tuple[str, float]] | None = None


class Workers:
    """At most `jobs` fresh processes, each with one thread; started when there is something to do, ended together."""

    def __init__(self, perform: Perform, profile: Profile, jobs: int, quiet: bool, store: Store) -> None:
        self.perform = perform
        self.profile = profile
        self.jobs = jobs
        self.quiet = quiet
        self.store = store
        self._context = multiprocessing.get_context("spawn")
        self._reports: Queue[tuple[str, float]] = self._context.Queue()
        self._executor: ProcessPoolExecutor | None = None

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._executor is None:
            return
        if error is not None:
            for child in multiprocessing.active_children():
                child.terminate()
        self._executor.shutdown(wait=error is None, cancel_futures=True)

    def run(self, tasks: list[Task]) -> None:
        """Do what the store lacks, in order of the list where it can be.

        An error stops the rest and is raised; what had been finished by then is kept.
        """
        missing = [task for task in tasks if task.computation.find(self.store) is None]
        if not missing:
            return
        if self._executor is None:
            initial = (self._reports, self.profile.name)
            self._executor = ProcessPoolExecutor(self.jobs, self._context, initializer=_start, initargs=initial)
        workers = min(self.jobs, len(missing))
        display = Display([task.computation for task in missing], workers, self.store, self.quiet)
        listener = threading.Thread(target=self._listen, args=(display,), daemon=True)
        listener.start()
        try:
            with display:
                self._schedule(missing, workers, self._executor, display)
        finally:
            self._reports.put(("", 0.0))
            listener.join(timeout=5)

    def _schedule(self, missing: list[Task], workers: int, executor: ProcessPoolExecutor, display: Display) -> None:
        pending = list(missing)
        undone = {task.computation.key for task in missing}
        running: dict[Future[float], Task] = {}
        while pending or running:
            for task in [task for task in pending if not task.after & undone][: workers - len(running)]:
                pending.remove(task)
                display.starts(task.computation.key)
                future = executor.submit(_perform, self.perform, task.what, task.computation.key, self.profile)
                running[future] = task
            finished, _ = wait(running, timeout=0.5, return_when=FIRST_COMPLETED)
            display.tick()
            for future in finished:
                task = running.pop(future)
                seconds = future.result()
                undone.discard(task.computation.key)
                display.ends(task.computation.key, seconds)

    def _listen(self, display: Display) -> None:
        while (report := self._reports.get())[0]:
            display.reports(*report)


def _start(reports: Queue[tuple[str, float]], profile: str) -> None:
    """Set a worker up: one thread, the profile for programs that ask, and no life after its parent's."""
    global _reports
    _reports = reports
    os.environ["ADVLAB_PROFILE"] = profile
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its workers; two tracebacks help nobody
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _perform(perform: Perform, what: tuple[str, str], key: str, profile: Profile) -> float:
    last = 0.0

    def listener(share: float, doing: str) -> None:
        nonlocal last
        now = time.monotonic()
        if _reports is not None and now - last > 0.3:
            last = now
            _reports.put((key, share))

    started = time.perf_counter()
    with progress.listening(listener):
        perform(what, key, profile)
    return time.perf_counter() - started


def default_jobs() -> int:
    """One job a core that this process may use."""
    available: Any = getattr(os, "sched_getaffinity", None)
    return len(available(0)) if available else os.cpu_count() or 1
