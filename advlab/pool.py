"""Run computations side by side in fresh processes, with a progress bar that names them and says how long is left."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from multiprocessing.queues import Queue
from typing import Any

from advlab import progress
from advlab.display import Display
from advlab.profile import Profile
from advlab.store import Store
from advlab.stored import Computation


@dataclass(frozen=True)
class Task:
    """A computation, how a worker finds it again (`advlab.build.perform`), and the keys it waits for."""

    computation: Computation
    what: tuple[str, str]
    after: frozenset[str] = field(default=frozenset())


_reports: Queue[tuple[str, float]] | None = None


def run_all(tasks: list[Task], profile: Profile, jobs: int, quiet: bool, store: Store) -> None:
    """Do what the store lacks, at most `jobs` at once, each on one thread, in order of the list where it can be.

    An error stops the rest and is raised; what had been finished by then is kept.
    """
    missing = [task for task in tasks if task.computation.find(store) is None]
    if not missing:
        return
    context = multiprocessing.get_context("spawn")
    reports: Queue[tuple[str, float]] = context.Queue()
    workers = min(jobs, len(missing))
    display = Display([task.computation for task in missing], workers, store, quiet)
    executor = ProcessPoolExecutor(workers, context, initializer=_start, initargs=(reports, profile.name))
    listener = threading.Thread(target=_listen, args=(reports, display), daemon=True)
    listener.start()
    try:
        with display:
            _schedule(missing, executor, profile, workers, display)
    except BaseException:
        for child in multiprocessing.active_children():
            child.terminate()
        executor.shutdown(wait=False, cancel_futures=True)
        raise
    finally:
        reports.put(("", 0.0))
        listener.join(timeout=5)
    executor.shutdown()


def _schedule(
    missing: list[Task], executor: ProcessPoolExecutor, profile: Profile, workers: int, display: Display
) -> None:
    pending = list(missing)
    undone = {task.computation.key for task in missing}
    running: dict[Future[float], Task] = {}
    while pending or running:
        for task in [task for task in pending if not task.after & undone][: workers - len(running)]:
            pending.remove(task)
            display.starts(task.computation.key)
            running[executor.submit(_perform, task.what, task.computation.key, profile)] = task
        finished, _ = wait(running, timeout=0.5, return_when=FIRST_COMPLETED)
        display.tick()
        for future in finished:
            task = running.pop(future)
            seconds = future.result()
            undone.discard(task.computation.key)
            display.ends(task.computation.key, seconds)


def _listen(reports: Queue[tuple[str, float]], display: Display) -> None:
    while (report := reports.get())[0]:
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


def _perform(what: tuple[str, str], key: str, profile: Profile) -> float:
    from advlab.build import perform  # here, so that importing the scheduler does not import every chapter

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
