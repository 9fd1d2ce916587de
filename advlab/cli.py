"""The command line: `build`, `list` and `clean` tend the store; `audit`, `verify`, `check`, `challenge` serve users."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from advlab.profile import PROFILES, STANDARD
from advlab.store import Entry, Store, default_root

#: Exit status when the source was edited during a build: nothing is wrong, start again.
TRY_AGAIN = 75
FAILED = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status (0 done, 1 failed, 64 wrong usage, 75 edited meanwhile).

    `audit` and `check` add one of their own, 2: no verdict, and wrong usage.
    """
    options = _parser().parse_args(arguments)
    commands = {
        "build": _build,
        "list": _list,
        "clean": _clean,
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
    build.add_argument("--profile", choices=PROFILES, default=os.environ.get("ADVLAB_PROFILE") or STANDARD.name)
    build.add_argument("--device", help="cpu (default), cuda, cuda:N or mps; part of every key")
    build.add_argument(
        "--jobs", type=_positive, help="computations side by side, one thread each (default: one a core)"
    )
    build.add_argument("--quiet", action="store_true", help="no progress")
    build.add_argument(
        "--recipe",
        choices=("build", "long"),
        default="build",
        help="long: train and judge the recipes of an hour or a GPU instead, and record what comes out",
    )
    build.add_argument("--only", help="of the long recipes, the one of this name")
    listing = commands.add_parser("list", help="show what the store holds: kind, name, key, age, size, seconds it took")
    listing.add_argument("--json", action="store_true", help="one JSON object a line")
    clean = commands.add_parser("clean", help="forget entries that no book of this checkout refers to")
    clean.add_argument("--all", action="store_true", help="forget everything, books included")
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
    from advlab.factory import ModelError, UsageError

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


def _positive(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive whole number")
    return value


def _build(options: argparse.Namespace) -> int:
    if options.profile not in PROFILES:
        print(f"advlab: ADVLAB_PROFILE is {options.profile!r}; known are {', '.join(PROFILES)}", file=sys.stderr)
        return 64
    os.environ["ADVLAB_PROFILE"] = options.profile
    if options.device:
        os.environ["ADVLAB_DEVICE"] = options.device
    if os.environ.get("ADVLAB_STORE"):  # programs run in folders of their own, where a relative path leads elsewhere
        os.environ["ADVLAB_STORE"] = str(default_root())
    from advlab import machine  # torch is imported only where something is computed

    try:
        machine.device()
    except ValueError as problem:
        print(f"advlab: {problem}", file=sys.stderr)
        return 64
    if options.recipe == "long":
        return _long(options.only)
    from advlab import pool
    from advlab.build import build
    from advlab.stored import SourceChanged

    try:
        book = build(PROFILES[options.profile], options.jobs or pool.default_jobs(), options.quiet)
    except SourceChanged as problem:
        print(f"advlab: {problem}", file=sys.stderr)
        return TRY_AGAIN
    if not options.quiet:
        print(f"{options.profile}: all there, after {book['seconds']:.1f} s", file=sys.stderr)
    return 0


def _long(only: str | None) -> int:
    from advlab import long, zoo

    known = [*zoo.LONG, long.SMOOTHING]
    if only is not None and only not in known:
        print(f"advlab build: no long recipe is called {only!r}; there are {', '.join(known)}", file=sys.stderr)
        return 64
    if recipes := {name: recipe for name, recipe in zoo.LONG.items() if only in (None, name)}:
        long.run(recipes)
    if only in (None, long.SMOOTHING):
        long.smoothed()
    return 0


def _list(options: argparse.Namespace) -> int:
    for entry in Store().entries():
        age = time.time() - entry.created
        row = {"kind": entry.kind, "name": entry.name, "key": entry.key[:12], "age_s": round(age)}
        row |= {"bytes": entry.size, "seconds": round(float(entry.meta["seconds"]), 2)}
        if options.json:
            print(json.dumps(row))
        else:
            print(
                f"{entry.kind:12} {entry.name:34} {entry.key[:12]}  {_age(age):>8} old  "
                f"{entry.size / 1024:9,.1f} KiB  {row['seconds']:8.1f} s"
            )
    return 0


def _age(seconds: float) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _clean(options: argparse.Namespace) -> int:
    store = Store()
    books = sorted((store.root / "books").glob("*.json"))
    used = set() if options.all else {key for book in books for key in _keys(json.loads(book.read_text()))}
    dropped: list[Entry] = [entry for entry in store.entries() if entry.key not in used]
    size = sum(entry.size for entry in dropped)
    for entry in dropped:
        store.remove(entry)
    if options.all:
        for book in books:
            book.unlink(missing_ok=True)
    print(f"forgot {len(dropped)} entries, {size / 2**20:.1f} MiB")
    return 0


def _keys(book: dict[str, object]) -> set[str]:
    """The keys of all entries that a book refers to."""
    kinds = [value for value in book.values() if isinstance(value, dict)]
    return {one["key"] for kind in kinds for one in kind.values() if isinstance(one, dict) and "key" in one}
