"""The command line: `build`, `list`, `clean` manage the store; `audit`, `verify`, `check`, `challenge` serve users."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from advlab.engine.build import command as store_command

#: The module whose `EDITION` describes the book that `build` builds.
EDITION = "advlab.edition"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    0: done; 1: failed; 64: wrong usage; 75: the source was edited during a build; 130: interrupted. Status 2 means
    "no verdict" for `audit` and "wrong usage" for `check`.

    Raises:
        SystemExit: the arguments cannot be parsed, or they ask for help.
    """
    options = _parser().parse_args(arguments)
    commands = {
        "build": _build,
        "list": store_command.list_entries,
        "clean": store_command.clean,
        "audit": _audit,
        "verify": _verify,
        "check": _check,
        "challenge": _challenge,
    }
    command = commands[options.command]
    try:
        return command(options)
    except KeyboardInterrupt:
        print("interrupted; finished results are kept, and the next run continues from there", file=sys.stderr)
        return 130


class _Parser(argparse.ArgumentParser):
    """A parser that reports unusable arguments with the command's own usage line and exit status."""

    #: Adds the options of a command, called only if that command runs: the others then need not import torch.
    options: Callable[[argparse.ArgumentParser], None] | None = None
    #: Exit status if the arguments cannot be parsed.
    wrong_usage = 64

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        if self.options is not None:
            self.options(self)
        found, unknown = super().parse_known_args(args, namespace)
        if unknown and self.options is not None:  # reported here, with the usage line and exit status of the command
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return found, unknown

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(self.wrong_usage, f"{self.prog}: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="advlab", description="Measure what the site shows; test your own models and attacks.")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    build = commands.add_parser("build", help="train, measure and draw everything that the store does not hold yet")
    store_command.add_build_options(build)
    build.add_argument(
        "--recipe",
        choices=("build", "long"),
        default="build",
        help="long: instead train and evaluate the recipes that take an hour or a GPU, and record the results",
    )
    build.add_argument("--only", help="with --recipe long: run only the recipe with this name")
    listing = commands.add_parser("list", help="list stored results: kind, name, key, age, size, computing time")
    store_command.add_list_options(listing)
    clean = commands.add_parser("clean", help="delete stored results that no book of this checkout uses")
    store_command.add_clean_options(clean)
    auditing = commands.add_parser("audit", help="test whether the robustness of your own model is real")
    auditing.options = _audit_options
    verifying = commands.add_parser("verify", help="recheck saved adversarial images: pixels, distance, prediction")
    verifying.options = _verify_options
    checking = commands.add_parser("check", help="grade your solution to an exercise; hint at the first mistake")
    checking.options, checking.wrong_usage = _check_options, 2
    challenge = commands.add_parser("challenge", help="score a file of adversarial images for the open challenge")
    challenge.add_argument(
        "file", type=Path, help=".safetensors or .npz with `adversarial` and `index` (see advlab.challenge.save)"
    )
    return parser


def _audit_options(parser: argparse.ArgumentParser) -> None:
    from advlab.audit import command

    command.add_options(parser)


def _verify_options(parser: argparse.ArgumentParser) -> None:
    from advlab.verify import command

    command.add_options(parser)


def _check_options(parser: argparse.ArgumentParser) -> None:
    from advlab.grading import command

    command.add_options(parser)


def _audit(options: argparse.Namespace) -> int:
    from advlab.audit import command

    return command.run(options)


def _verify(options: argparse.Namespace) -> int:
    from advlab.verify import command

    return command.run(options)


def _check(options: argparse.Namespace) -> int:
    from advlab.grading import command

    return command.run(options)


def _challenge(options: argparse.Namespace) -> int:
    from advlab.challenge import EPSILON, score
    from advlab.verify.loading import ModelError, UsageError

    try:
        found = score(options.file)
    except (UsageError, ModelError) as problem:
        print(f"advlab challenge: {problem}", file=sys.stderr)
        return 64
    print(f"clean accuracy       {found.clean.value:7.2%}  ({found.clean.count:,} of {found.clean.n:,})")
    print(f"left at epsilon {EPSILON:g}  {found.left.value:7.2%}  ({found.left.count:,} of {found.left.n:,})")
    if found.refused:
        listed = ", ".join(map(str, found.refused[:10]))
        print(f"{len(found.refused):,} images of the file do not count as successes, among them {listed}")
    return 0


def _build(options: argparse.Namespace) -> int:
    if options.recipe == "build":
        return store_command.build(EDITION, options)
    return store_command.prepared(options) or _long_recipes(options.only)


def _long_recipes(only: str | None) -> int:
    from advlab import long_recipes, zoo

    known = [*zoo.LONG, long_recipes.SMOOTHING]
    if only is not None and only not in known:
        print(f"advlab build: there is no long recipe {only!r}; known are {', '.join(known)}", file=sys.stderr)
        return 64
    if recipes := {name: recipe for name, recipe in zoo.LONG.items() if only in (None, name)}:
        long_recipes.run(recipes)
    if only in (None, long_recipes.SMOOTHING):
        long_recipes.smoothed()
    return 0
