"""The law on code: every block is included from a program or taken from a package, so that Sybil can collect it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from advlab.engine import snippets
from advlab.engine.pages.grammar import CALL, FENCES, INCLUDE, Breach

_FENCE = re.compile(r"^(?P<indent>\s*)(?P<mark>`{3,}|~{3,})(?P<info>.*)$")
_HOLDER = re.compile(r'^\s*([-*+]\s|\d+\.\s|!!!\s|\?\?\?\+?\s|===[!+]?\s+")')
#: Lines that end a paragraph, so that an indented line below them is code.
_EDGE = re.compile(r"^\s*($|#{1,6}\s|<|```|([-*_=]\s*){3,}$)")
_TYPED_CODE = re.compile(r"(?i)<(pre|code|script|kbd|samp|textarea|xmp|listing|plaintext)\b")


def typed_code(source: str, folder: Path) -> Iterator[Breach]:
    """Yield fences that hold anything but one include or one call, or that Sybil cannot collect, and other typed code.

    Args:
        source: the source of a page.
        folder: folder of the programs that pages include.
    """
    lines = source.splitlines()
    opened: re.Match[str] | None = None
    body: list[str] = []
    for number, line in enumerate(lines, start=1):
        match = _FENCE.match(line)
        if opened is not None:
            if match and not match["info"] and match["mark"] == opened["mark"]:
                yield from _body(number, opened["info"], body, folder)
                opened = None
            else:
                body.append(line.strip())
            continue
        if match:
            opened, body = match, []
            if match["info"] not in FENCES or match["mark"] != "```" or match["indent"].strip(" "):
                yield Breach(number, "a fence is ``` and one bare word of " + ", ".join(FENCES), line.strip())
        elif "```" in line or "~~~" in line:
            yield Breach(number, "a fence stands on a line of its own", line.strip())
        elif re.search(r"-+8<-+", line):
            yield Breach(number, "code is included inside a fence only", line.strip())
        elif _is_code(lines, number - 1):
            yield Breach(number, "code is not typed (an indented block is code)", line.strip())
        if not match and _TYPED_CODE.search(line):
            yield Breach(number, "code is not typed (HTML)", line.strip())
    if opened is not None:
        yield Breach(len(lines), "a fence is never closed", opened["info"])


def _indent(line: str) -> int:
    expanded = line.expandtabs(4)
    return len(expanded) - len(expanded.lstrip())


def _is_code(lines: list[str], index: int) -> bool:
    """Return whether an indented code block starts at this line: four columns deeper than the surrounding text."""
    indent = _indent(lines[index])
    if not lines[index].strip() or indent < 4 or (index and not _EDGE.match(lines[index - 1])):
        return False
    deepest = indent
    for line in reversed(lines[:index]):
        if line.strip() and _indent(line) < deepest:
            deepest = _indent(line)
            if _HOLDER.match(line):
                return indent - deepest >= 8
            if indent - deepest >= 4:
                return True
    return True


def _body(number: int, language: str, body: list[str], folder: Path) -> Iterator[Breach]:
    text = "\n".join(body)
    if len(body) != 1:
        yield Breach(number, "a fence holds one include or one call, nothing typed", text)
        return
    include, call = INCLUDE.match(text), CALL.match(text)
    if language == "text":
        if not (call and call.group(1) == "output"):
            yield Breach(number, "a text block is generated: << output(...) >>", text)
    elif include:
        yield from _included(number, language, folder, *include.groups())
    elif not (call and call.group(1) == "code" and language == "python"):
        law = 'code comes from snippets/ (--8<-- "file.py:section") or from advlab (<< code(...) >>)'
        yield Breach(number, law, text)


def _included(number: int, language: str, folder: Path, file: str, section: str | None) -> Iterator[Breach]:
    path = folder / file
    if ".." in PurePosixPath(file).parts or file.startswith("/") or not path.is_file():
        yield Breach(number, "no such file in snippets/", file)
        return
    if path.suffix not in FENCES.get(language, ()):
        yield Breach(number, f"a {language} block includes no {path.suffix or 'such'} file", file)
    try:
        known = snippets.sections(path.read_text(encoding="utf-8"))
    except ValueError as problem:
        yield Breach(number, f"{file} has broken sections", str(problem))
        return
    if section and section not in known:
        yield Breach(number, f"no section {section!r} in {file}", ", ".join(known))
