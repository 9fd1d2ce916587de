"""Run computations in parallel in new processes, with a progress bar that names them and shows the time left."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from multiprocessing.queues import Queue
from types import TracebackType
from typing import Any

from advlab.engine.build.progress_bar import ProgressBar
from advlab.engine.cache import progress
from advlab.engine.cache.computation import Computation
from advlab.engine.cache.profile import Profile
from advlab.engine.cache.store import Store


@dataclass(frozen=True)
class Task:
    """A computation and the keys of the computations that must finish before it."""

    computation: Computation
    after: frozenset[str] = field(default=frozenset())


@dataclass(frozen=True)
class Job:
    """A task as sent to a worker, which finds the computation by edition, profile, kind, name and key."""

    edition: str
    profile: str
    kind: str
    name: str
    key: str


#: Function that runs in a worker: it finds the computation of a job and runs it.
Perform = Callable[[Job], None]
_reports: Queue[tuple[str, float]] | None = None


class Workers:
    """A pool of new processes with one thread each; they start with the first task and end with the `with` block.

    Args:
        perform: function that finds and runs the computation of a job in a worker.
        edition: module of the edition.
        profile: the profile of the build.
        jobs: maximum number of processes.
        quiet: whether to show no progress.
        store: the store.
    """

    def __init__(self, perform: Perform, edition: str, profile: Profile, jobs: int, quiet: bool, store: Store) -> None:
        self.perform = perform
        self.edition = edition
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
        """Run the tasks that the store lacks, in the order of the list as far as their dependencies allow.

        The first error stops the remaining tasks; results finished by then are kept.

        Raises:
            graphlib.CycleError: tasks wait for each other.
            BrokenProcessPool: a worker died.
            Exception: whatever a computation raises.
        """
        missing = {task.computation.key: task for task in tasks if task.computation.find(self.store) is None}
        # A key without a task in this run is stored already.
        waiting = TopologicalSorter({key: task.after & missing.keys() for key, task in missing.items()})
        waiting.prepare()
        if not missing:
            return
        if self._executor is None:
            initial = (self._reports, self.profile.name)
            self._executor = ProcessPoolExecutor(self.jobs, self._context, initializer=_start, initargs=initial)
        workers = min(self.jobs, len(missing))
        bar = ProgressBar([task.computation for task in missing.values()], workers, self.store, self.quiet)
        listener = threading.Thread(target=self._listen, args=(bar,), daemon=True)
        listener.start()
        try:
            with bar:
                self._schedule(missing, waiting, workers, self._executor, bar)
        finally:
            self._reports.put(("", 0.0))
            listener.join(timeout=5)

    def _schedule(
        self,
        missing: dict[str, Task],
        waiting: TopologicalSorter[str],
        workers: int,
        executor: ProcessPoolExecutor,
        bar: ProgressBar,
    ) -> None:
        order = {key: place for place, key in enumerate(missing)}
        ready: list[str] = []
        running: dict[Future[float], str] = {}
        while waiting.is_active():
            ready = sorted([*ready, *waiting.get_ready()], key=order.__getitem__)
            while ready and len(running) < workers:
                key = ready.pop(0)
                found = missing[key].computation
                job = Job(self.edition, self.profile.name, found.kind, found.name, key)
                bar.starts(key)
                running[executor.submit(_perform, self.perform, job)] = key
            finished, _ = wait(running, timeout=0.5, return_when=FIRST_COMPLETED)
            bar.tick()
            for future in finished:
                key = running.pop(future)
                bar.ends(key, future.result())
                waiting.done(key)

    def _listen(self, bar: ProgressBar) -> None:
        while (report := self._reports.get())[0]:
            bar.reports(*report)


def _start(reports: Queue[tuple[str, float]], profile: str) -> None:
    """Initialize a worker: set the profile for programs that ask for it, and end with the parent process."""
    global _reports
    _reports = reports
    os.environ["ADVLAB_PROFILE"] = profile
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its workers; a second traceback would not help
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _perform(perform: Perform, job: Job) -> float:
    last = 0.0

    def listener(done: float, doing: str) -> None:
        nonlocal last
        now = time.monotonic()
        if _reports is not None and now - last > 0.3:
            last = now
            _reports.put((job.key, done))

    started = time.perf_counter()
    with progress.listening(listener):
        perform(job)
    return time.perf_counter() - started


def default_jobs() -> int:
    """Return the number of cores that this process may use."""
    available: Any = getattr(os, "sched_getaffinity", None)
    return len(available(0)) if available else os.cpu_count() or 1
