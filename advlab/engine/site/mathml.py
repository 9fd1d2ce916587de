"""Mathematics drawn while the site is built: LaTeX in, MathML out.

Every current browser draws MathML itself, so a page needs no script for its formulas, and a formula is
text that a screen reader can read. `latex2mathml` writes what it does not know into the page as
if it were a name, and drops unknown environments: here each of those is an error that names the formula.
"""

import re
from html import unescape
from itertools import zip_longest
from xml.etree.ElementTree import Element, ParseError, fromstring, tostring

from latex2mathml.commands import MATRICES
from latex2mathml.converter import convert

NAMESPACE = "{http://www.w3.org/1998/Math/MathML}"
# What pymdownx.arithmatex writes with `generic: true`.
GENERIC = re.compile(
    r"""<(?P<tag>span|div)\ class="arithmatex">\s*
    (?: \\\((?P<inline>.*?)\\\) | \\\[(?P<display>.*?)\\\] )
    \s*</(?P=tag)>""",
    re.DOTALL | re.VERBOSE,
)
ENVIRONMENTS = frozenset(name.lstrip("\\") for name in MATRICES)
# Operators under which a limit stands in a displayed formula.
LIMITS = frozenset({"max", "min", "sup", "inf", "lim"})


class FormulaError(ValueError):
    """A formula that cannot be drawn faithfully. The message holds the LaTeX and the reason."""


def render(html: str) -> str:
    """Replace every formula that arithmatex left in `html` by MathML.

    Raises:
        FormulaError: a formula uses a command or an environment that would not be drawn as written.
    """
    return GENERIC.sub(_replace, html)


def mathml(latex: str, *, display: bool = False) -> str:
    r"""MathML of one formula; its LaTeX is kept as `alttext`.

    >>> print(mathml(r"\varepsilon"))
    <math display="inline" alttext="\varepsilon"><mrow><mi>ε</mi></mrow></math>

    Raises:
        FormulaError: as for `render`.
    """
    latex = latex.strip()
    _refuse_unbalanced(latex)
    _refuse_environments(latex)
    try:
        root = fromstring(convert(latex, display="block" if display else "inline"))
    except ParseError:
        raise FormulaError(f"{latex!r}: '&' stands outside a matrix, cases or align environment") from None
    except Exception as error:  # latex2mathml has a dozen exceptions without a common base or a message
        raise FormulaError(f"{latex!r}: {type(error).__name__} {error}".rstrip()) from error
    for element in root.iter():
        element.tag = element.tag.removeprefix(NAMESPACE)
        if found := re.search(r"\\([A-Za-z]+|.)", element.text or ""):
            raise FormulaError(f"{latex!r}: unknown command {found.group()}")
    _name_operators(root, display)
    _pair_bars(root)
    root.attrib["alttext"] = " ".join(latex.split())
    return tostring(root, encoding="unicode")


def _replace(match: re.Match[str]) -> str:
    if (latex := match["inline"]) is not None:
        return mathml(unescape(latex))
    formula = mathml(unescape(match["display"]), display=True)
    # A box of its own, in which a long formula scrolls on a phone.
    return f'<div class="formula">{formula}</div>'


def _refuse_unbalanced(latex: str) -> None:
    depth = 0
    for brace in re.findall(r"(?<!\\)[{}]", latex.replace(r"\\", "")):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            break
    if depth or not latex:
        raise FormulaError(f"{latex!r}: {'braces do not match' if latex else 'an empty formula'}")


def _refuse_environments(latex: str) -> None:
    for name in re.findall(r"\\begin\s*\{([^}]*)\}", latex):
        if name not in ENVIRONMENTS:
            raise FormulaError(f"{latex!r}: unknown environment {name} (known: {', '.join(sorted(ENVIRONMENTS))})")
    if r"\operatorname*" in latex:
        raise FormulaError(rf"{latex!r}: write \operatorname{{…}} with \underset instead of \operatorname*")


def _name_operators(root: Element, display: bool) -> None:
    """Space "sign(x)" and "max f" as TeX does, and put the limit of a displayed "max" under it."""
    for parent in root.iter():
        children = list(parent)
        for child, after in zip_longest(children, children[1:]):
            base = child[0] if child.tag in {"msub", "msup", "msubsup", "munder"} else child
            if base.tag != "mo" or not (base.text or "").isalpha() or len(base.text or "") < 2:
                continue
            if display and child.tag == "msub" and base.text in LIMITS:
                child.tag = "munder"
            # Browsers put wide gaps around an operator that is not in their dictionary.
            tight = after is not None and after.tag == "mo"
            base.attrib |= {"lspace": "0", "rspace": "0" if tight else "0.1667em"}


def _pair_bars(root: Element) -> None:
    """Say of each bar of a norm whether it opens or closes; make letters of symbols such as infinity."""
    operators = list(root.iter("mo"))
    for bar in "|‖":
        bars = [element for element in operators if element.text == bar]
        if len(bars) % 2 == 0:  # an odd one is "given that"
            for index, element in enumerate(bars):
                element.attrib |= {"form": "postfix" if index % 2 else "prefix", "stretchy": "false"}
    for element in operators:
        if element.text in {"∞", "⊤"}:
            element.tag, element.attrib = "mi", {}
