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
    """A computation and the keys it waits for."""

    computation: Computation
    after: frozenset[str] = field(default=frozenset())


@dataclass(frozen=True)
class Job:
    """What a worker is told: by edition, profile, kind and key it finds the computation again."""

    edition: str
    profile: str
    kind: str
    name: str
    key: str


#: Finds a job's computation in a worker, and does it.
Perform = Callable[[Job], None]
_reports: Queue[tuple[str, float]] | None = None


class Workers:
    """At most `jobs` fresh processes, each with one thread; started when there is something to do, ended together."""

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
        """Do what the store lacks, in order of the list where it can be.

        An error stops the rest and is raised; what had been finished by then is kept. Raises graphlib.CycleError for
        tasks that wait for each other.
        """
        missing = {task.computation.key: task for task in tasks if task.computation.find(self.store) is None}
        # A key that is no task of this run is done already.
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
    """One job a core that this process may use."""
    available: Any = getattr(os, "sched_getaffinity", None)
    return len(available(0)) if available else os.cpu_count() or 1
