"""`advlab audit package.module:factory` on the command line."""

import argparse
import json
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from advlab.audit import report
from advlab.audit.auditing import IMAGES, QUICK_IMAGES, audit
from advlab.audit.images import load_data
from advlab.audit.result import Audit
from advlab.engine.cache.progress import listening
from advlab.verify.loading import ModelError, UsageError, load_model

WRONG_USAGE, NO_VERDICT = 64, 2


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the arguments and options of `advlab audit` to a parser."""
    parser.add_argument("model", help="package.module:factory, a function without arguments that returns the model")
    parser.add_argument("--epsilon", type=float, required=True, help="radius of the ball, in pixel units of [0, 1]")
    parser.add_argument("--norm", choices=("Linf", "L2"), default="Linf", help="norm of the ball (default: Linf)")
    parser.add_argument(
        "--data",
        help=".npz or .safetensors with images and labels, or package.module:function that returns a DataLoader",
    )
    parser.add_argument(
        "--images", type=int, help=f"number of images (default: {IMAGES}, or {QUICK_IMAGES} with --quick)"
    )
    parser.add_argument("--at-least", type=float, metavar="SHARE", help="exit with 1 below this robust accuracy")
    parser.add_argument("--quick", action="store_true", help="fewer images, weaker attacks: seconds instead of minutes")
    parser.add_argument("--seed", type=int, default=0, help="seed of everything random (default: 0)")
    parser.add_argument("--device", help="move the model there: cpu, cuda, cuda:N, mps")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything as JSON, image by image")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write the robustness card: .html or .md")
    parser.add_argument(
        "--save", type=Path, metavar="FILE", help="write the adversarial images (.safetensors), for advlab verify"
    )


def run(options: argparse.Namespace) -> int:
    """Audit the model that the options name; return the exit status 0, 1, 2 or 64 (see `advlab.audit.result`)."""
    console = Console(stderr=True)
    try:
        _check(options)
        count = options.images or (QUICK_IMAGES if options.quick else IMAGES)
        data = load_data(options.data, count, options.seed)
        model = load_model(options.model)
        if options.device:
            model = model.to(options.device)
        with _bar(console):
            found = audit(
                model,
                options.epsilon,
                data=data,
                norm=options.norm,
                at_least=options.at_least,
                quick=options.quick,
                seed=options.seed,
                name=options.model,
            )
    except UsageError as problem:
        console.print(f"advlab audit: {problem}", markup=False, highlight=False, soft_wrap=True)
        return WRONG_USAGE
    except ModelError as problem:
        _explain(problem, console)
        return NO_VERDICT
    _write(found, options)
    report.show(found, Console())
    return found.exit_status


def _check(options: argparse.Namespace) -> None:
    """Raise UsageError for whatever is wrong with the options, before minutes are spent."""
    if options.images is not None and options.images < 1:
        raise UsageError(f"--images must be at least 1, got {options.images}")
    if options.report is not None and options.report.suffix not in (".html", ".md"):
        raise UsageError(f"--report writes .html or .md, not {options.report.name!r}")
    if options.save is not None and options.save.suffix != ".safetensors":
        raise UsageError(f"--save writes .safetensors, not {options.save.name!r}")
    for path in (options.json, options.report, options.save):
        if path is not None and not path.absolute().parent.is_dir():
            raise UsageError(f"there is no folder {path.parent} to write {path.name} into")
    if options.device:
        try:
            torch.empty(1, device=options.device)
        except (RuntimeError, AssertionError) as problem:
            reason = str(problem).splitlines()[0]
            raise UsageError(f"device {options.device!r} cannot be used here: {reason}") from problem


def _explain(problem: ModelError, console: Console) -> None:
    """Print what is wrong in a sentence, below the traceback of the user's own code if that failed."""
    cause = problem.__cause__
    if cause is not None:
        console.print(
            "".join(traceback.format_exception(cause)).rstrip(), markup=False, highlight=False, soft_wrap=True
        )
    console.print(f"advlab audit: no verdict: {problem}", markup=False, highlight=False, soft_wrap=True)


def _write(found: Audit, options: argparse.Namespace) -> None:
    if options.json is not None:
        options.json.write_text(json.dumps(found.to_json(), indent=1) + "\n", encoding="utf-8")
    if options.report is not None:
        text = report.html(found) if options.report.suffix == ".html" else report.markdown(found)
        options.report.write_text(text, encoding="utf-8")
    if options.save is not None:
        if found.robust.count == found.clean.count:
            print(f"no image was broken: {options.save} is not written", file=sys.stderr)
        else:
            found.broken().save(options.save)


@contextmanager
def _bar(console: Console) -> Iterator[None]:
    """Progress bar with the current task on a terminal; nothing elsewhere, such as in a log."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("looking at the model", total=1.0)
        with listening(lambda share, doing: progress.update(task, completed=share, description=doing)):
            yield
