"""The laws that a page's source must keep: no number, picture or code block typed by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import jinja2

from advlab import snippets
from advlab.source import PACKAGE

#: The languages of fences, and what may stand in them: python and bash run, text is generated, the rest is parsed.
FENCES = {"python": "program", "bash": "file", "yaml": "file", "toml": "file", "text": "output"}

_INCLUDE = re.compile(r'^--8<-- "([\w./-]+?)(?::([\w-]+))?"$')
_CALL = re.compile(r"^<< (code|output)\(\"[\w./:-]+\"\) >>$")
_FENCE = re.compile(r"^(?P<indent>\s*)(?P<mark>`{3,}|~{3,})(?P<info>.*)$")


@dataclass(frozen=True)
class Breach:
    """A place in a page's source that breaks a law."""

    line: int
    law: str
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.law}: {self.text}"


def breaches(source: str) -> list[Breach]:
    """All breaches in a page's source, before anything is rendered."""
    found = [*_fences(source), *_numbers(source), *_pictures(source), *_statements(source)]
    return sorted(found, key=lambda breach: breach.line)


def includes(source: str) -> list[tuple[str, str | None]]:
    """The (file, section) pairs that a page includes."""
    matches = (_INCLUDE.match(line.strip()) for line in source.splitlines())
    return [(match.group(1), match.group(2)) for match in matches if match]


def _fences(source: str) -> Iterator[Breach]:
    """Fences hold one include or one call, and are written so that Sybil collects them."""
    opened: re.Match[str] | None = None
    body: list[str] = []
    for number, line in enumerate(source.splitlines(), start=1):
        match = _FENCE.match(line)
        if opened is None and match:
            opened, body = match, []
            if match["info"] not in FENCES or match["mark"] != "```" or match["indent"].strip(" "):
                yield Breach(number, "a fence is ``` and one bare word of " + ", ".join(FENCES), line.strip())
        elif opened is not None and match and not match["info"] and match["mark"] == opened["mark"]:
            yield from _body(number, opened["info"], body)
            opened = None
        elif opened is not None:
            body.append(line.strip())
        elif "--8<--" in line:
            yield Breach(number, "code is included inside a fence only", line.strip())
        elif re.match(r"^( {4,}|\t)\S", line) and _is_code(source, number):
            yield Breach(number, "code is not typed (an indented block is code)", line.strip())
        if opened is None and re.search(r"<(pre|code|script|kbd|samp)\b", line):
            yield Breach(number, "code is not typed (HTML)", line.strip())
    if opened is not None:
        yield Breach(len(source.splitlines()), "a fence is never closed", opened["info"])


def _is_code(source: str, number: int) -> bool:
    """An indented line after a blank one is code, unless a list item or an admonition holds it."""
    lines = source.splitlines()
    above = number - 2
    while above >= 0 and (not lines[above].strip() or lines[above].startswith((" ", "\t"))):
        above -= 1
    holder = lines[above] if above >= 0 else ""
    blank = number >= 2 and not lines[number - 2].strip()
    return blank and not re.match(r"^\s*([-*+]|\d+\.|!!!|\?\?\?|===|\[\^|:\s)", holder)


def _body(number: int, language: str, body: list[str]) -> Iterator[Breach]:
    text = "\n".join(body)
    if len(body) != 1:
        yield Breach(number, "a fence holds one include or one call, nothing typed", text)
        return
    include, call = _INCLUDE.match(text), _CALL.match(text)
    kind = FENCES.get(language)
    if kind == "output":
        if not (call and call.group(1) == "output"):
            yield Breach(number, "a text block is generated: << output(...) >>", text)
    elif not include and not (call and call.group(1) == "code" and kind == "program"):
        yield Breach(
            number,
            'code comes from snippets/ (--8<-- "file.py:section") or from advlab (<< code(...) >>)',
            text,
        )
    elif include:
        file, section = include.groups()
        path = snippets.FOLDER / file
        if not path.is_file():
            yield Breach(number, "no such file in snippets/", file)
        elif section and section not in snippets.sections(path.read_text(encoding="utf-8")):
            yield Breach(number, f"no section {section!r} in {file}", text)


def identifiers() -> list[str]:
    """The reviewed list of words that may carry digits: regular expressions, one a line, with a reason."""
    lines = (PACKAGE / "identifiers.txt").read_text(encoding="utf-8").splitlines()
    return [line.partition("#")[0].strip() for line in lines if line.partition("#")[0].strip()]


#: What may hold digits: blanked before digits are looked for, newlines kept so that lines stay right.
_EXEMPT = (
    r"(?ms)^( *)```.*?^\1```\s*?$",  # fences have a law of their own
    r"(?s)<!--.*?-->",
    r"(?s)<#.*?#>",
    r"(?s)\$\$.+?\$\$",
    r"(?<![\\$\w])\$(?!\s)[^$\n]+?(?<!\s)\$(?![\w$])",
    r"\]\([^)\n]*\)",  # a link's target; its text is prose
    r"<https?://[^>\s]+>",
    r"(?m)^\[[^\]]+\]:\s+\S+.*$",
    r"\{[#.:][^}\n]*\}",  # attribute lists: anchors and classes
    r"(?m)^\s*\d+\.\s",  # the markers of ordered lists
    r"&#?\w+;",
)
_CALLS = re.compile(r"(?s)<<(.*?)>>")
_TAG = re.compile(r"(?s)<(/?[a-zA-Z][^>]*)>")
_READ_ALOUD = re.compile(r'(?s)\b(?:alt|title|aria-label|content|data-label)\s*=\s*"([^"]*)"')
_DIGITS = re.compile(r"\w*[\w.,:/×%-]*\d[\w.,:/×%-]*")


def _numbers(source: str) -> Iterator[Breach]:
    """Digits in prose, outside mathematics, links, citations and the reviewed identifiers."""
    prose = source
    for pattern in _EXEMPT:
        prose = re.sub(pattern, _blank, prose)
    prose = _CALLS.sub(_sentences, prose)
    prose = _TAG.sub(lambda tag: _kept(tag, _READ_ALOUD.findall(tag.group(0))), prose)
    for pattern in identifiers():
        prose = re.sub(rf"(?<![\w.])(?:{pattern})(?![\w]|[.,]\d)", _blank, prose)
    for match in _DIGITS.finditer(prose):
        yield Breach(prose.count("\n", 0, match.start()) + 1, "a number is typed", match.group(0).strip())


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match.group(0))


def _kept(match: re.Match[str], texts: list[str]) -> str:
    """The match blanked but for these texts, as many lines as before."""
    return " ".join(texts) + "\n" * (match.group(0).count("\n") - sum(text.count("\n") for text in texts))


def _sentences(match: re.Match[str]) -> str:
    """Of a call only what a reader reads as prose remains: the sentence of a claim, and free-standing texts."""
    try:
        tree = jinja2.Environment().parse("{{" + match.group(1) + "}}")
    except jinja2.TemplateSyntaxError:
        return _blank(match)
    calls = [call for call in tree.find_all(jinja2.nodes.Call) if isinstance(call.node, jinja2.nodes.Name)]
    names = {
        argument.value: call.node.name  # type: ignore[attr-defined]
        for call in calls
        for position, argument in enumerate(call.args)
        if isinstance(argument, jinja2.nodes.Const) and not (call.node.name == "claim" and position > 0)  # type: ignore[attr-defined]
    }
    constants = [node.value for node in tree.find_all(jinja2.nodes.Const) if isinstance(node.value, str | int | float)]
    return _kept(match, [str(value) for value in constants if value not in names])


def _pictures(source: str) -> Iterator[Breach]:
    for number, line in enumerate(source.splitlines(), start=1):
        if re.search(r"!\[[^\]]*\]\(|!\[[^\]]*\]\[|<(img|svg|picture|object|embed|canvas)\b", line):
            yield Breach(number, "a picture is typed: use << figure(...) >>", line.strip())


def _statements(source: str) -> Iterator[Breach]:
    for number, line in enumerate(source.splitlines(), start=1):
        if "<%" in line:
            yield Breach(number, "pages have no statements: what needs a loop is a table of its chapter", line.strip())
