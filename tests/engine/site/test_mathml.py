"""Formulas become MathML, or an error that names them."""

from xml.etree.ElementTree import fromstring

import markdown
import pytest

from advlab.engine.site.mathml import FormulaError, mathml, render

FGSM_PAGE = [
    r"\|\delta\|_\infty \le \varepsilon",
    r"\operatorname{sign}(\nabla_x J(\theta, x, y))",
    r"\max_{\|\delta\|_\infty \le \varepsilon} J(\theta, x + \delta, y)",
    r"\varepsilon \lVert g \rVert_1 = \varepsilon \sum_{i=1}^{784} |g_i|",
    r"f(z) = \begin{cases} 0 & z < 0 \\ z & \text{otherwise} \end{cases}",
    r"\begin{align*} x' &= x + \delta \\ &= x + \varepsilon\,\operatorname{sign}(g) \end{align*}",
    r"x \in [0, 1]^{784} \subset \mathbb{R}^{784}",
    r"\mathbf{w}^\top x + b",
    r"\frac{\partial J}{\partial x}, \qquad \hat{y} \ne y, \quad \underset{k}{\mathrm{arg\,max}}\; z_k",
    r"\Phi^{-1}(p)\,\%",
]


@pytest.mark.parametrize("display", [False, True])
@pytest.mark.parametrize("latex", FGSM_PAGE)
def test_formulas_of_the_pages_are_drawn(latex, display):
    root = fromstring(mathml(latex, display=display))
    assert root.tag == "math"
    assert root.get("display") == ("block" if display else "inline")
    assert root.get("alttext") == latex
    assert "\\" not in "".join(root.itertext())


def test_the_structure_of_a_formula():
    root = fromstring(mathml(FGSM_PAGE[2], display=True))
    limit = root.find(".//munder")
    assert limit is not None
    assert [limit[0].text, "".join(limit[1].itertext())] == ["max", "‖δ‖∞≤ε"]
    assert fromstring(mathml(FGSM_PAGE[2])).find(".//munder") is None
    bars = [bar.get("form") for bar in fromstring(mathml(r"|g_i| + |h|")).iter("mo") if bar.text == "|"]
    assert bars == ["prefix", "postfix", "prefix", "postfix"]


@pytest.mark.parametrize(
    ("latex", "reason"),
    [
        (r"\foo{x}", r"unknown command \\foo"),
        (r"\begin{gather} a \end{gather}", "unknown environment gather"),
        (r"\operatorname*{argmax}_k z", "underset"),
        (r"a & b", "'&' occurs outside"),
        (r"\frac{a}{b", "braces do not match"),
        (r"a}b{c", "braces do not match"),
        (r"a_", "MissingSuperScriptOrSubscript"),
        (r"\left( x", "MissingRight"),
        (" ", "formula is empty"),
    ],
)
def test_what_cannot_be_drawn_is_an_error_that_names_the_formula(latex, reason):
    with pytest.raises(FormulaError, match=reason) as caught:
        render(rf'<p><span class="arithmatex">\({latex}\)</span></p>')
    assert repr(latex.strip()) in str(caught.value)


def test_markdown_through_arithmatex():
    source = "Inline $a < b$ and $c$, `$code$` left alone.\n\n$$\n\\|\\delta\\|_\\infty\n  \\le \\varepsilon\n$$\n"
    html = markdown.markdown(
        source,
        extensions=["pymdownx.arithmatex"],
        extension_configs={"pymdownx.arithmatex": {"generic": True}},
    )
    page = fromstring(f"<body>{render(html)}</body>")
    assert [math.get("alttext") for math in page.iter("math")] == [
        "a < b",
        "c",
        r"\|\delta\|_\infty \le \varepsilon",
    ]
    assert "arithmatex" not in render(html)
    assert "<code>$code$</code>" in render(html)
    box = page.find("div[@class='formula']")
    assert box is not None, "a displayed formula scrolls in a box of its own"


def test_other_html_is_left_alone():
    assert render("<p>No <em>formula</em> \\(here\\)</p>") == "<p>No <em>formula</em> \\(here\\)</p>"
