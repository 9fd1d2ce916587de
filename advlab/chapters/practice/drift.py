"""Monitors of windows of answers: their false alarms, and how many attacked images it takes to raise one."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from advlab.engine.cache.progress import report
from advlab.evaluation import Proportion
from advlab.monitoring import DriftMonitor, confidences

#: Numbers of answers in a window and of windows drawn per figure; shares of attacked images among the answers.
WINDOW, WINDOWS = 100, 250
SHARES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.5)
#: The share of clean windows in which each monitor may raise an alarm.
FALSE_ALARMS = 0.01
#: The number of clean windows on which the limit of the mean is set.
QUIET_WINDOWS = 2000
KS, MEAN = "distribution", "mean"

SEED = 1706

Result = dict[str, Any]


def fresh_generator() -> torch.Generator:
    """A new generator with the page's seed, for each use."""
    return torch.Generator().manual_seed(SEED)


def lowest_mean(reference: Tensor) -> float:
    """The limit that the mean confidence of a reference window falls below as rarely as false alarms are allowed."""
    drawn = torch.randint(len(reference), (QUIET_WINDOWS, WINDOW), generator=fresh_generator())
    return float(reference[drawn].mean(1).sort().values[int(FALSE_ALARMS * QUIET_WINDOWS)])


def windows(clean: Tensor, attacked: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Windows of answers drawn without replacement, `share` of each of them attacked."""
    bad = round(share * WINDOW)

    def some(of: Tensor, count: int) -> Tensor:
        order = torch.rand(WINDOWS, len(of), generator=generator).argsort(1)
        return of[order[:, :count]]

    return torch.cat([some(clean, WINDOW - bad), some(attacked, bad)], dim=1)


def alarms(seen: Tensor, monitor: DriftMonitor, limit: float) -> Result:
    """The share of windows in which each monitor raises an alarm."""
    by_test = sum(monitor.alarm(window) for window in seen)
    by_mean = int((seen.mean(1) < limit).sum())
    return {KS: Proportion(by_test, len(seen)).to_json(), MEAN: Proportion(by_mean, len(seen)).to_json()}


def over_windows(reference: Tensor, answers: dict[str, tuple[Tensor, Tensor]]) -> Result:
    """Alarms in windows of clean answers, and in windows with more and more successful attacks among clean answers.

    Args:
        reference: confidences of clean images from a quiet time.
        answers: logits and labels by attack, "clean" among them.
    """
    monitor, limit = DriftMonitor(reference, FALSE_ALARMS), lowest_mean(reference)
    generator = fresh_generator()
    clean = confidences(answers["clean"][0])
    quiet = alarms(windows(clean, clean[:0], 0.0, generator), monitor, limit)
    under: Result = {}
    for name, (given, labels) in answers.items():
        if name == "clean":
            continue
        fooled = confidences(given)[given.argmax(1) != labels]
        under[name] = {
            f"{share:g}": alarms(windows(clean, fooled, share, generator), monitor, limit) for share in SHARES[1:]
        }
        report(len(under), len(answers) - 1, "windows of answers")
    return {"size": WINDOW, "count": WINDOWS, "asked for": FALSE_ALARMS, "false alarms": quiet, "under": under}
