"""The laws that a page's source must keep: no number, picture or code block typed by hand."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

import jinja2

from advlab import snippets
from advlab.source import PACKAGE

#: The languages of fences: how the files end that they include; python may also show advlab, text is generated.
FENCES = {"python": (".py",), "bash": (".sh",), "yaml": (".yml", ".yaml"), "toml": (".toml",), "text": ()}

_INCLUDE = re.compile(r'^--8<-- "([\w./-]+?)(?::([\w-]+))?"$')
_CALL = re.compile(r"^<< (code|output)\(\"[\w./:-]+\"\) >>$")
_FENCE = re.compile(r"^(?P<indent>\s*)(?P<mark>`{3,}|~{3,})(?P<info>.*)$")
_HOLDER = re.compile(r'^\s*([-*+]\s|\d+\.\s|!!!\s|\?\?\?\+?\s|===[!+]?\s+")')
#: Lines that end a block, so that an indented line below them is code.
_EDGE = re.compile(r"^\s*($|#{1,6}\s|<|```|([-*_=]\s*){3,}$)")
_TYPED_CODE = re.compile(r"(?i)<(pre|code|script|kbd|samp|textarea|xmp|listing|plaintext)\b")


@dataclass(frozen=True)
class Breach:
    """A place in a page's source that breaks a law."""

    line: int
    law: str
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.law}: {self.text}"


def breaches(source: str) -> list[Breach]:
    """All breaches in a page's source, before anything is rendered; front matter may be part of it."""
    found = [*_fences(source), *_numbers(source), *_pictures(source), *_statements(source)]
    return sorted(found, key=lambda breach: breach.line)


def includes(source: str) -> list[tuple[str, str | None]]:
    """The (file, section) pairs that a page includes."""
    matches = (_INCLUDE.match(line.strip()) for line in source.splitlines())
    return [(match.group(1), match.group(2)) for match in matches if match]


# --- Code -----------------------------------------------------------------------------------------------------------


def _fences(source: str) -> Iterator[Breach]:
    """Fences hold one include or one call, and are written so that Sybil collects them."""
    lines = source.splitlines()
    opened: re.Match[str] | None = None
    body: list[str] = []
    for number, line in enumerate(lines, start=1):
        match = _FENCE.match(line)
        if opened is not None:
            if match and not match["info"] and match["mark"] == opened["mark"]:
                yield from _body(number, opened["info"], body)
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
    """Whether a block of code begins at this line: four columns deeper than the text of what holds it."""
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


def _body(number: int, language: str, body: list[str]) -> Iterator[Breach]:
    text = "\n".join(body)
    if len(body) != 1:
        yield Breach(number, "a fence holds one include or one call, nothing typed", text)
        return
    include, call = _INCLUDE.match(text), _CALL.match(text)
    if language == "text":
        if not (call and call.group(1) == "output"):
            yield Breach(number, "a text block is generated: << output(...) >>", text)
    elif include:
        yield from _included(number, language, *include.groups())
    elif not (call and call.group(1) == "code" and language == "python"):
        law = 'code comes from snippets/ (--8<-- "file.py:section") or from advlab (<< code(...) >>)'
        yield Breach(number, law, text)


def _included(number: int, language: str, file: str, section: str | None) -> Iterator[Breach]:
    path = snippets.FOLDER / file
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


# --- Numbers --------------------------------------------------------------------------------------------------------

#: Functions of pages whose arguments are names, formats and citations; of a claim the second one is prose.
_NAMING = frozenset(
    {
        "n",
        "plain",
        "figure",
        "slider",
        "table",
        "claim",
        "cite",
        "quote",
        "published",
        "recorded",
        "code",
        "output",
        "path",
    }
)


def templates() -> jinja2.Environment:
    """Jinja with marks of our own: its `{{`, `{%` and `{#` occur in formulas, code and attribute lists."""
    return jinja2.Environment(
        variable_start_string="<<",
        variable_end_string=">>",
        block_start_string="<%",
        block_end_string="%>",
        comment_start_string="<#",
        comment_end_string="#>",
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )


_TEMPLATES = templates()
_MATH = re.compile(r"(?s)\$\$.+?\$\$|(?<![\\$\w])\$(?!\s)[^$\n]+?(?<![\s\\])\$(?![\w$])")
#: In a formula a share in per cent is a result and no mathematics.
_RESULT = re.compile(r"\d\s*\\?%")
#: Attributes that no reader sees or hears; the values of all others are prose.
_UNSEEN = frozenset(
    {"id", "class", "href", "src", "srcset", "width", "height", "style", "colspan", "rowspan", "tabindex", "for"}
    | {"name", "rel", "target", "markdown", "lang", "type", "loading", "download", "data-frames"}
)
_ATTRIBUTE = re.compile(r"""(?s)([\w:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>}]+))""")
_LIST = r"""(?:[#.][\w:-]+|[\w-]+=(?:"[^"\n]*"|'[^'\n]*'|[^\s}"']+))"""
_DIGITS = re.compile(r"[\w.,:/×%-]*[\d¼-¾⅐-⅞][\w.,:/×%¼-¾⅐-⅞-]*")


def identifiers() -> list[str]:
    """The reviewed list of words that may carry digits: regular expressions, one a line, with a reason."""
    lines = (PACKAGE / "identifiers.txt").read_text(encoding="utf-8").splitlines()
    return [line.partition("#")[0].strip() for line in lines if line.partition("#")[0].strip()]


def _numbers(source: str) -> Iterator[Breach]:
    """Digits that a reader would see, outside formulas, targets of links, citations and reviewed identifiers."""
    try:
        prose = _templates(source)
    except jinja2.TemplateSyntaxError as problem:
        yield Breach(problem.lineno, "<< >>, <% %> or <# #> that cannot be read", str(problem.message))
        return
    for pattern, seen in _SEEN:
        prose = re.sub(pattern, _in_its_lines(seen), prose)
    prose = _without_list_markers(prose)
    reviewed = "|".join(identifiers())
    prose = re.sub(rf"(?<![\w.±≈~])(?:{reviewed})(?!\w|[.,]\d|\s?%)", _in_its_lines(_nothing), prose)
    for match in _DIGITS.finditer(prose):
        yield Breach(prose.count("\n", 0, match.start()) + 1, "a number is typed", match.group(0).strip())


Seen = Callable[[re.Match[str]], str]


def _in_its_lines(seen: Seen) -> Seen:
    """Replace a match by what is seen of it, over as many lines as before, apart from the words around it."""

    def replace(match: re.Match[str]) -> str:
        text = f" {seen(match)} "
        return text + "\n" * (match.group(0).count("\n") - text.count("\n"))

    return replace


def _nothing(match: re.Match[str]) -> str:
    return ""


def _attributes(match: re.Match[str]) -> str:
    found = _ATTRIBUTE.findall(match.group(0))
    return " ".join("".join(values) for name, *values in found if name.lower() not in _UNSEEN)


#: What of a page is not read as it stands, in the order in which Markdown meets it, and what a reader sees instead.
_SEEN: tuple[tuple[str, Seen], ...] = (
    (r"(?ms)^( *)```.*?^\1```\s*?$", _nothing),  # fences have a law of their own
    # Within a code span no character means anything to Markdown.
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
    """Blank the markers of ordered lists that count from one."""
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
    """The source without Jinja's own: of a call what a reader reads as prose. Raises TemplateSyntaxError."""
    prose, inside, begun = "", "", 0
    for line, kind, value in _TEMPLATES.lex(source):
        if kind == "variable_begin":
            inside, begun = "", line
        elif kind == "variable_end":
            prose += f" {' '.join(_sentences(inside))} "
            begun = 0
        elif kind == "data":
            prose += "\n" * (line - 1 - prose.count("\n")) + value  # what stood before may have taken more lines
        else:
            inside += value
    if begun:
        raise jinja2.TemplateSyntaxError("'<<' is never closed", begun)
    return prose


def _sentences(expression: str) -> Iterator[str]:
    """Of a call only what a reader reads as prose: the sentence of a claim, and free-standing texts."""
    tree = _TEMPLATES.parse(f"<<{expression}>>")
    naming: set[int] = set()
    for call in tree.find_all(jinja2.nodes.Call):
        if isinstance(call.node, jinja2.nodes.Name) and call.node.name in _NAMING:
            values = call.args[:1] if call.node.name == "claim" else [*call.args, *(k.value for k in call.kwargs)]
            naming |= {id(value) for value in values}
    for node in tree.find_all(jinja2.nodes.Const):
        if id(node) not in naming and isinstance(node.value, str | int | float):
            yield str(node.value)
    for data in tree.find_all(jinja2.nodes.TemplateData):
        yield data.data


# --- Pictures and statements ----------------------------------------------------------------------------------------


def _pictures(source: str) -> Iterator[Breach]:
    for number, line in enumerate(source.splitlines(), start=1):
        if re.search(r"(?i)(?<!\\)!\[|<(img|svg|picture|object|embed|canvas|iframe|video)\b", line):
            yield Breach(number, "a picture is typed: use << figure(...) >>", line.strip())


def _statements(source: str) -> Iterator[Breach]:
    for number, line in enumerate(source.splitlines(), start=1):
        if "<%" in line:
            yield Breach(number, "pages have no statements: what needs a loop is a table of its chapter", line.strip())
