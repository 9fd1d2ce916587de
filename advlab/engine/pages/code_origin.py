"""A line above each code block of a page: where the code comes from, what it needs, and which test runs it."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from html import escape
from pathlib import Path

from advlab.engine.editions import Edition
from advlab.engine.pages.code_names import Names, names_of

#: The test that runs every program of snippets/ and every block of every page; some have a test of their own as well.
RUNNER = "tests/blocks.py"

_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w+)\n(?P<body>.*?)^(?P=indent)```\s*$", re.MULTILINE | re.DOTALL)
_INCLUDE = re.compile(r'--8<-- "([\w./-]+?)(?::([\w-]+))?"')
_CODE = re.compile(r'<< code\("([\w.]+)"\) >>')
_BLOCK = re.compile(r'<div class="language-\w+ highlight">')


@dataclass(frozen=True)
class Origin:
    """The origin of one block.

    Args:
        file: its file in the repository.
        test: file of the test that runs it.
        needs: what it needs or continues, in words (HTML).
    """

    file: str
    test: str
    needs: str


def of_page(edition: Edition, source: str, rendered: str) -> list[Origin | None]:
    """Return the origin of every fenced block of a page, in order; None for the output of a program.

    Args:
        edition: the edition of the page.
        source: the page as it is written.
        rendered: the page after `rendering.rendered`.

    Raises:
        ValueError: the two texts have different numbers of blocks.
        SyntaxError: a Python block cannot be parsed.
    """
    found: list[Origin | None] = []
    above: set[str] = set()
    for written, shown in zip(_FENCE.finditer(source), _FENCE.finditer(rendered), strict=True):
        language, code = shown["language"], _dedented(shown)
        file = _file(written["body"])
        if file is None:
            found.append(None)
            continue
        names = names_of(code) if language == "python" else None
        needs = _needs_of_python(names, above) if names else _needs(edition, language, file, code)
        found.append(Origin(file, _test(edition, file), needs))
        above |= names.bound if names else set()
    return found


def marked(html: str, origins: list[Origin | None], repository: str) -> str:
    """Add the line with the origin above each block in a page's HTML.

    Args:
        html: the HTML of the page.
        origins: the result of `of_page`.
        repository: address under which the repository shows files, with a final slash; "" for no links.

    Raises:
        ValueError: the numbers of blocks and origins differ.
    """
    places = list(_BLOCK.finditer(html))
    if len(places) != len(origins):
        raise ValueError(f"the page has {len(origins)} blocks of code and its HTML {len(places)}")
    parts, last = [], 0
    for place, origin in zip(places, origins, strict=True):
        parts.append(html[last : place.start()])
        parts.append(_line(origin, repository) if origin else "")
        last = place.start()
    return "".join([*parts, html[last:]])


def _line(origin: Origin, repository: str) -> str:
    def link(path: str, words: str) -> str:
        return f'<a href="{escape(repository)}{path}">{words}</a>' if repository else words

    test = link(origin.test, "test") if repository else f"test: {origin.test}"
    return (
        f'<p class="origin" data-search-exclude><span class="origin__file">{link(origin.file, origin.file)}</span> '
        f'<span class="origin__needs">{origin.needs}</span> <span class="origin__test">{test}</span></p>\n'
    )


def _dedented(match: re.Match[str]) -> str:
    indent = len(match["indent"])
    return "\n".join(line[indent:] for line in match["body"].split("\n"))


def _file(body: str) -> str | None:
    """Return the file of the repository that a fence shows; None for generated output."""
    if include := _INCLUDE.search(body):
        return f"snippets/{include[1]}"
    if shown := _CODE.search(body):
        return f"{shown[1].rpartition('.')[0].replace('.', '/')}.py"
    return None


def _test(edition: Edition, file: str) -> str:
    """Return the test of a file, found by its name; if there is none, the test that runs all of them."""
    path = Path(file)
    if path.parts[0] == "snippets":
        own = Path("tests/chapters") / f"test_{path.parent.name}.py"
        if (edition.root / own).is_file() and path.name in (edition.root / own).read_text(encoding="utf-8"):
            return own.as_posix()
        return RUNNER
    own = Path("tests", *path.parts[1:-1], f"test_{path.name}")
    return own.as_posix() if (edition.root / own).is_file() else "tests/shown_alone.py"


# --- What a block needs --------------------------------------------------------------------------------------------


def _needs_of_python(names: Names, above: set[str]) -> str:
    if taken := sorted(names.free & above, key=str.casefold):
        return f"continues from above: {', '.join(f'<code>{name}</code>' for name in taken)}"
    foreign = sorted(names.packages - sys.stdlib_module_names)
    if not foreign:
        return "runs alone, with Python only"
    if foreign == ["torch"]:
        return "runs alone, with PyTorch only"
    return f"runs alone, with {_listed([f'<code>{name}</code>' for name in foreign])}"


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _needs(edition: Edition, language: str, file: str, code: str) -> str:
    """Describe what a block in another language than Python needs: the package, and the programs that it names."""
    if language != "bash":
        return "a whole file, to copy"
    folder = (edition.root / file).parent
    siblings = [path.name for path in sorted(folder.glob("*.py")) if re.search(rf"\b{path.stem}\b", code)]
    packages = [edition.package] if re.search(rf"\b{edition.package}\b", code) else []
    needed = [f"<code>{name}</code>" for name in (*packages, *siblings)]
    return f"needs {_listed(needed)}" if needed else "needs a shell"
