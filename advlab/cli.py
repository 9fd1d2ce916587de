"""The command line: `build`, `list` and `clean` tend the store; `audit`, `verify`, `check`, `challenge` serve users."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from advlab.engine.build import command as store_command

#: The module that names the book which `build` builds.
EDITION = "advlab.edition"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status (0 done, 1 failed, 64 wrong usage, 75 edited meanwhile).

    `audit` and `check` add one of their own, 2: no verdict, and wrong usage.
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
        print("interrupted; what was finished is kept, the next run goes on", file=sys.stderr)
        return 130


class _Parser(argparse.ArgumentParser):
    #: Adds a command's own options when it is the one that is run: only then are torch and the attacks imported.
    options: Callable[[argparse.ArgumentParser], None] | None = None
    #: Exit status when a command's words cannot be read.
    wrong_usage = 64

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        if self.options is not None:
            self.options(self)
        found, unknown = super().parse_known_args(args, namespace)
        if unknown and self.options is not None:  # the command says so, with its own usage and status
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return found, unknown

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(self.wrong_usage, f"{self.prog}: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="advlab", description="Measure what the site shows, and keep it.")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    build = commands.add_parser("build", help="train, measure and draw what the store lacks")
    store_command.add_build_options(build)
    build.add_argument(
        "--recipe",
        choices=("build", "long"),
        default="build",
        help="long: train and judge the recipes of an hour or a GPU instead, and record what comes out",
    )
    build.add_argument("--only", help="of the long recipes, the one of this name")
    listing = commands.add_parser("list", help="show what the store holds: kind, name, key, age, size, seconds it took")
    store_command.add_list_options(listing)
    clean = commands.add_parser("clean", help="forget entries that no book of this checkout refers to")
    store_command.add_clean_options(clean)
    auditing = commands.add_parser("audit", help="find out whether the robustness of your own model is real")
    auditing.options = _audit_options
    verifying = commands.add_parser("verify", help="check saved adversarial images again: domain, ball, verdict")
    verifying.options = _verify_options
    checking = commands.add_parser("check", help="grade your solution of an exercise; a hint names the first mistake")
    checking.options, checking.wrong_usage = _check_options, 2
    challenge = commands.add_parser("challenge", help="judge a file of adversarial images made for the open challenge")
    challenge.add_argument(
        "file", type=Path, help=".safetensors or .npz: adversarial, and index (advlab.challenge.save)"
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
        print(f"no success: {len(found.refused):,} images of the file, among them {listed}")
    return 0


def _build(options: argparse.Namespace) -> int:
    if options.recipe == "build":
        return store_command.build(EDITION, options)
    return store_command.prepared(options) or _long_recipes(options.only)


def _long_recipes(only: str | None) -> int:
    from advlab import long_recipes, zoo

    known = [*zoo.LONG, long_recipes.SMOOTHING]
    if only is not None and only not in known:
        print(f"advlab build: no long recipe is called {only!r}; there are {', '.join(known)}", file=sys.stderr)
        return 64
    if recipes := {name: recipe for name, recipe in zoo.LONG.items() if only in (None, name)}:
        long_recipes.run(recipes)
    if only in (None, long_recipes.SMOOTHING):
        long_recipes.smoothed()
    return 0
