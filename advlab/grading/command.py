"""`advlab check NAME FILE` on the command line."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from advlab.grading.announced import WrongUsage, names, signature, template, title

PASSED, NOT_PASSED, WRONG_USAGE = 0, 1, 2
#: Seconds that a solution may take, loading torch included; ours take a few.
SECONDS = 60.0


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the arguments and options of `advlab check` to a parser."""
    parser.description = (
        "Run your solution of an exercise beside the book's own and say whether it passed, or name the first mistake. "
        "Exit status: 0 passed, 1 not passed, 2 wrong usage. The file is run: check only code that you would run."
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="of the exercise (--list shows them)")
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="Python file that defines a function NAME")
    parser.add_argument("--list", action="store_true", help="show the exercises")
    parser.add_argument("--template", metavar="NAME", help="print a file to start from")
    parser.add_argument(
        "--seconds", type=float, default=SECONDS, help=f"stop a solution that takes longer (default: {SECONDS:g})"
    )


def run(options: argparse.Namespace) -> int:
    """List the exercises, print a template, or grade a file; return 0, 1 or 2."""
    try:
        if options.list:
            print("\n".join(f"{signature(name)}\n    {title(name)}" for name in names()))
            return PASSED
        if options.template is not None:
            print(template(options.template), end="")
            return PASSED
        if options.name is None or options.file is None:
            raise WrongUsage("say which exercise and which file: advlab check NAME FILE (or --list, --template NAME)")
        template(options.name)
        if not options.file.is_file():
            raise WrongUsage(f"there is no file {options.file}")
        if options.seconds <= 0:
            raise WrongUsage(f"--seconds must be above 0, got {options.seconds:g}")
        return _graded(options.name, options.file, options.seconds)
    except WrongUsage as problem:
        print(f"advlab check: {problem}", file=sys.stderr)
        return WRONG_USAGE


def _graded(name: str, file: Path, seconds: float) -> int:
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "verdict.json"
        # A process of its own: whatever the file does, it ends, and it ends in time. Small tensors need one thread.
        command = [sys.executable, "-m", "advlab.grading.child", name, str(file), str(result)]
        try:
            done = subprocess.run(command, timeout=seconds, env={"OMP_NUM_THREADS": "1", **os.environ}, check=False)
        except subprocess.TimeoutExpired:
            print(f"{name}: not passed (too_slow)\n  Stopped after {seconds:g} seconds. Does a loop never end?")
            return NOT_PASSED
        if not result.is_file():
            print(f"{name}: not passed (ended)\n  Your code ended the process, with status {done.returncode}.")
            return NOT_PASSED
        found = json.loads(result.read_text(encoding="utf-8"))
    if "usage" in found:
        raise WrongUsage(found["usage"])
    print(found["says"])
    return PASSED if found["passed"] else NOT_PASSED
