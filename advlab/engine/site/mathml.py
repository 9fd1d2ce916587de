"""Convert LaTeX formulas to MathML while the site is built.

Every current browser renders MathML, so formulas need no script, and screen readers can read them. `latex2mathml`
copies unknown commands into the page as if they were names and drops unknown environments; here either is an error that
quotes the formula.
"""

import re
from html import unescape
from itertools import zip_longest
from xml.etree.ElementTree import Element, ParseError, fromstring, tostring

from latex2mathml.commands import MATRICES
from latex2mathml.converter import convert

NAMESPACE = "{http://www.w3.org/1998/Math/MathML}"
# The output of pymdownx.arithmatex with `generic: true`.
GENERIC = re.compile(
    r"""<(?P<tag>span|div)\ class="arithmatex">\s*
    (?: \\\((?P<inline>.*?)\\\) | \\\[(?P<display>.*?)\\\] )
    \s*</(?P=tag)>""",
    re.DOTALL | re.VERBOSE,
)
ENVIRONMENTS = frozenset(name.lstrip("\\") for name in MATRICES)
# Operators with a limit below them in a displayed formula.
LIMITS = frozenset({"max", "min", "sup", "inf", "lim"})


class FormulaError(ValueError):
    """A formula cannot be rendered faithfully. The message holds the LaTeX and the reason."""


def render(html: str) -> str:
    """Replace every formula that arithmatex marked in `html` with MathML.

    Raises:
        FormulaError: a formula is empty or has unbalanced braces, a misplaced `&`, or an unsupported command or
            environment.
    """
    return GENERIC.sub(_replace, html)


def mathml(latex: str, *, display: bool = False) -> str:
    r"""Convert one formula to MathML, with its LaTeX as `alttext`.

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
        raise FormulaError(f"{latex!r}: '&' occurs outside a matrix, cases or align environment") from None
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
    # Wrapped in a box in which a long formula can scroll on a phone.
    return f'<div class="formula">{formula}</div>'


def _refuse_unbalanced(latex: str) -> None:
    depth = 0
    for brace in re.findall(r"(?<!\\)[{}]", latex.replace(r"\\", "")):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            break
    if depth or not latex:
        raise FormulaError(f"{latex!r}: {'braces do not match' if latex else 'the formula is empty'}")


def _refuse_environments(latex: str) -> None:
    for name in re.findall(r"\\begin\s*\{([^}]*)\}", latex):
        if name not in ENVIRONMENTS:
            raise FormulaError(f"{latex!r}: unknown environment {name} (known: {', '.join(sorted(ENVIRONMENTS))})")
    if r"\operatorname*" in latex:
        raise FormulaError(rf"{latex!r}: write \operatorname{{…}} with \underset instead of \operatorname*")


def _name_operators(root: Element, display: bool) -> None:
    """Space "sign(x)" and "max f" as TeX does, and place the limit of a displayed "max" below it."""
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
    """Mark each bar of a norm as opening or closing; turn symbols such as infinity from operators into letters."""
    operators = list(root.iter("mo"))
    for bar in "|‖":
        bars = [element for element in operators if element.text == bar]
        if len(bars) % 2 == 0:  # an odd number of bars includes a "given that"
            for index, element in enumerate(bars):
                element.attrib |= {"form": "postfix" if index % 2 else "prefix", "stretchy": "false"}
    for element in operators:
        if element.text in {"∞", "⊤"}:
            element.tag, element.attrib = "mi", {}
