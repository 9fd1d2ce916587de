"""The law on numbers: no digit that readers see is typed, except in formulas, citations and reviewed identifiers."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import jinja2

from advlab.engine.pages.grammar import Breach, templates
from advlab.engine.pages.macros import FUNCTIONS

_TEMPLATES = templates()
_MATH = re.compile(r"(?s)\$\$.+?\$\$|(?<![\\$\w])\$(?!\s)[^$\n]+?(?<![\s\\])\$(?![\w$])")
#: A percentage in a formula is a result, not mathematics.
_RESULT = re.compile(r"\d\s*\\?%")
#: Attributes that readers neither see nor hear; the values of all others count as prose.
_UNSEEN = frozenset(
    {"id", "class", "href", "src", "srcset", "width", "height", "style", "colspan", "rowspan", "tabindex", "for"}
    | {"name", "rel", "target", "markdown", "lang", "type", "loading", "download", "data-frames"}
)
_ATTRIBUTE = re.compile(r"""(?s)([\w:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>}]+))""")
_LIST = r"""(?:[#.][\w:-]+|[\w-]+=(?:"[^"\n]*"|'[^'\n]*'|[^\s}"']+))"""
_DIGITS = re.compile(r"[\w.,:/×%-]*[\d¼-¾⅐-⅞][\w.,:/×%¼-¾⅐-⅞-]*")


def identifiers(file: Path) -> list[str]:
    """Read the reviewed list of words that may contain digits: one regular expression per line, with a reason.

    Raises:
        OSError: the file cannot be read.
    """
    lines = file.read_text(encoding="utf-8").splitlines()
    return [line.partition("#")[0].strip() for line in lines if line.partition("#")[0].strip()]


def typed_numbers(source: str, file: Path) -> Iterator[Breach]:
    """Yield typed digits that readers would see, outside formulas, link targets, citations and reviewed identifiers.

    Args:
        source: the source of a page.
        file: the list of reviewed identifiers.
    """
    try:
        prose = _templates(source)
    except jinja2.TemplateSyntaxError as problem:
        yield Breach(problem.lineno, "<< >>, <% %> or <# #> that cannot be read", str(problem.message))
        return
    for pattern, seen in _SEEN:
        prose = re.sub(pattern, _in_its_lines(seen), prose)
    prose = _without_list_markers(prose)
    reviewed = "|".join(identifiers(file))
    prose = re.sub(rf"(?<![\w.±≈~])(?:{reviewed})(?!\w|[.,]\d|\s?%)", _in_its_lines(_nothing), prose)
    for match in _DIGITS.finditer(prose):
        yield Breach(prose.count("\n", 0, match.start()) + 1, "a number is typed", match.group(0).strip())


Seen = Callable[[re.Match[str]], str]


def _in_its_lines(seen: Seen) -> Seen:
    """Replace a match with what readers see of it, set off by spaces and on as many lines as before."""

    def replace(match: re.Match[str]) -> str:
        text = f" {seen(match)} "
        return text + "\n" * (match.group(0).count("\n") - text.count("\n"))

    return replace


def _nothing(match: re.Match[str]) -> str:
    return ""


def _attributes(match: re.Match[str]) -> str:
    found = _ATTRIBUTE.findall(match.group(0))
    return " ".join("".join(values) for name, *values in found if name.lower() not in _UNSEEN)


#: Parts of a page that readers do not see as written, in the order in which Markdown processes them, and what they see.
_SEEN: tuple[tuple[str, Seen], ...] = (
    (r"(?ms)^( *)```.*?^\1```\s*?$", _nothing),  # fences have their own law
    # Characters in a code span have no meaning in Markdown.
    (r"(?s)(?<![`\\])(`+)(?!`)(.+?)(?<!`)\1(?!`)", lambda match: re.sub(r"[$<>{}\[\]()&]", " ", match[2])),
    (r"(?s)<!--.*?-->", _nothing),
    (_MATH.pattern, lambda match: match[0].strip("$") if _RESULT.search(match[0]) else ""),
    (r"&(#\w+|\w+);", lambda match: html.unescape(match[0])),
    (r"<(?:https?:|mailto:)[^>\s]+>", _nothing),
    (r"\]\(\s*(?:<[^>\n]*>|[^)\s]*)(\s+[^)\n]*)?\)", lambda match: match[1] or ""),  # a link's title is prose
    (r"(?m)^ {0,3}\[[^\]^\n]+\]:[ ]*\S+[ ]*((?:\"[^\"\n]*\"|'[^'\n]*'|\([^)\n]*\))?)[ ]*$", lambda match: match[1]),
    (rf"\{{:?\s*{_LIST}(?:\s+{_LIST})*\s*\}}", _attributes),
    (r"(?s)</?[a-zA-Z][^>]*>", _attributes),
)


def _without_list_markers(prose: str) -> str:
    """Remove the markers of ordered lists that count from one."""
    lines = prose.split("\n")
    last = 0
    for index, line in enumerate(lines):
        marker = re.match(r"^(\s*)(\d+)\.(?=\s)", line)
        if not marker:
            continue
        begins = marker[2] == "1" and (index == 0 or not lines[index - 1].strip())
        if begins or (last and marker[2] == str(last + 1)):
            last = int(marker[2])
            lines[index] = line[marker.end() :]
    return "\n".join(lines)


def _templates(source: str) -> str:
    """Return the source without Jinja syntax; a call is replaced with the prose in its arguments.

    Raises:
        TemplateSyntaxError: the source cannot be parsed.
    """
    prose, inside, begun = "", "", 0
    for line, kind, value in _TEMPLATES.lex(source):
        if kind == "variable_begin":
            inside, begun = "", line
        elif kind == "variable_end":
            prose += f" {' '.join(_sentences(inside))} "
            begun = 0
        elif kind == "data":
            prose += "\n" * (line - 1 - prose.count("\n")) + value  # what precedes may have spanned more lines
        else:
            inside += value
    if begun:
        raise jinja2.TemplateSyntaxError("'<<' is never closed", begun)
    return prose


def _sentences(expression: str) -> Iterator[str]:
    """Yield the prose in an expression: the sentence of a claim, and literals that are no argument of a function."""
    tree = _TEMPLATES.parse(f"<<{expression}>>")
    naming: set[int] = set()
    for call in tree.find_all(jinja2.nodes.Call):
        if isinstance(call.node, jinja2.nodes.Name) and call.node.name in FUNCTIONS:
            values = call.args[:1] if call.node.name == "claim" else [*call.args, *(k.value for k in call.kwargs)]
            naming |= {id(value) for value in values}
    for node in tree.find_all(jinja2.nodes.Const):
        if id(node) not in naming and isinstance(node.value, str | int | float):
            yield str(node.value)
    for data in tree.find_all(jinja2.nodes.TemplateData):
        yield data.data
