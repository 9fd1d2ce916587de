"""`advlab verify FILE` on the command line."""

import argparse
import json
from pathlib import Path

from rich.console import Console
from rich.table import Table
from torch import nn

from advlab import trained
from advlab.verify.checking import Verified, verify
from advlab.verify.examples import load
from advlab.verify.loading import ModelError, UsageError, load_model

WRONG_USAGE, FAILED = 64, 1
#: Rows of the table; the JSON form has all.
SHOWN = 20


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the arguments and options of `advlab verify` to a parser."""
    parser.add_argument("file", type=Path, help=".safetensors or .npz: adversarial, and images with labels, or index")
    parser.add_argument("--model", help="package.module:factory; without it the model of the book that the file names")
    parser.add_argument("--norm", choices=("Linf", "L2"), help="of the ball; without it what the file says")
    parser.add_argument(
        "--epsilon", type=float, help="radius of the ball, in pixel units; without it what the file says"
    )
    parser.add_argument("--json", action="store_true", help="print everything as JSON, image by image")


def run(options: argparse.Namespace) -> int:
    """Check a file; return 0 if all images hold, 1 if some do not, 64 if the file or the model cannot be read."""
    console = Console(stderr=True)
    try:
        examples = load(options.file, epsilon=options.epsilon, norm=options.norm)
        if options.epsilon is not None and not options.epsilon >= 0:
            raise UsageError(f"epsilon must not be negative, got {options.epsilon}")
        found = verify(_model(options.model, examples.model), examples)
    except (UsageError, ModelError) as problem:
        console.print(f"advlab verify: {problem}", markup=False, highlight=False, soft_wrap=True)
        return WRONG_USAGE
    if options.json:
        print(json.dumps(found.to_json()))
    else:
        _show(found, Console())
    return 0 if all(found.holds) else FAILED


def _model(spec: str | None, of_the_book: str) -> nn.Module:
    if spec is not None:
        return load_model(spec)
    if not of_the_book:
        raise UsageError("the file names no model of the book: name the model that these images fool with --model")
    try:
        return trained(of_the_book)
    except ValueError as problem:
        raise UsageError(str(problem)) from problem


def _show(found: Verified, console: Console) -> None:
    n = len(found.holds)
    table = Table(title=f"{n} adversarial images: {found.norm}, epsilon {found.epsilon:g}")
    for name in ("check", "holds", "of"):
        table.add_column(name, justify="left" if name == "check" else "right")
    for name, values in (
        ("in [0, 1]", found.inside_domain),
        ("in the ball", found.inside_ball),
        ("misclassified", found.fooled),
        ("all three", found.holds),
        ("original classified correctly", found.right_before),
    ):
        table.add_row(name, str(sum(values)), str(n))
    console.print(table)
    failing = [place for place, holds in enumerate(found.holds) if not holds]
    for place in failing[:SHOWN]:
        console.print(
            f"image {found.index[place]}: label {found.label[place]}, answered {found.predicted[place]}, "
            f"size {found.size[place]:.6g}, in [0, 1]: {'yes' if found.inside_domain[place] else 'no'}",
            highlight=False,
        )
    if len(failing) > SHOWN:
        console.print(f"and {len(failing) - SHOWN} more (--json lists all)", highlight=False)
