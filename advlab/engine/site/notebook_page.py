"""Reduce the notebook's page to the plain HTML of the other pages.

mkdocs-jupyter adds 600 KB of styles to the page, and scripts that load MathJax and Mermaid from other servers. None of
these is needed. With the CSS classes of the other pages, the notebook looks like them, has their copy buttons and works
without scripts.
"""

import json
import re
from html import escape, unescape

from advlab.engine.site.mathml import mathml

_MACHINERY = re.compile(
    r"<(?P<tag>script|style)\b.*?</(?P=tag)>"
    r"|<!--.*?-->"
    r'|<div class="zeroclipboard-container">.*?</clipboard-copy>\s*</div>'
    r'|<div class="clipboard-copy-txt".*?</div>'
    r'|<div class="jp-Collapser[^>]*>\s*</div>'
    r'|<div class="jp-(?:In|Out)putPrompt[^>]*>.*?</div>',
    re.DOTALL,
)
_CODE = re.compile(r'<div class="highlight-ipynb hl-(\w+)"><pre>(?:<span></span>)?(.*?)</pre></div>', re.DOTALL)
_PRINTED = re.compile(r'(<div class="jp-RenderedText[^>]*>)\s*<pre>(.*?)</pre>', re.DOTALL)
_BLOCK = '<div class="language-{} highlight"><pre><span></span><code>{}</code></pre></div>'
#: The placeholder that nbconvert writes as the alternative text of every picture.
_UNDESCRIBED = 'alt="No description has been provided for this image"'
_PROSE = re.compile(r'(?<=data-mime-type="text/markdown">)(.*?)(?=</div>)', re.DOTALL)
_FORMULA = re.compile(
    r"(?P<code><(?P<tag>code|pre)\b.*?</(?P=tag)>)|\$\$(?P<display>.+?)\$\$|(?<![\\$])\$(?P<inline>[^$\n]+)\$",
    re.DOTALL,
)


def plain(html: str) -> str:
    """Convert the HTML that mkdocs-jupyter made of a notebook to the plain HTML and classes of the book.

    Raises:
        FormulaError: a formula cannot be converted to MathML.
    """
    html = _MACHINERY.sub("", html)
    html = _CODE.sub(lambda match: _BLOCK.format(match[1], match[2]), html)
    html = _PRINTED.sub(lambda match: match[1] + _BLOCK.format("text", match[2]), html)
    html = html.replace(' tabindex="0"', "")
    html = re.sub(
        r'<a class="anchor-link" href="([^"]+)">¶</a>',
        r'<a class="headerlink" href="\1" title="Link to this section">#</a>',
        html,
    )
    html = _PROSE.sub(lambda match: _FORMULA.sub(_formula, match[1]), html)
    return re.sub(r"(<pre>.*?</pre>)|\n\s*\n+", lambda match: match[1] or "\n", html, flags=re.DOTALL)


def described(html: str, notebook: str) -> str:
    """Add to each picture its alternative text, which the notebook keeps in the metadata of its outputs.

    Args:
        html: the page, with the placeholders of nbconvert.
        notebook: the .ipynb file, as text.

    Raises:
        ValueError: a picture has no alternative text.
    """
    outputs = [output for cell in json.loads(notebook)["cells"] for output in cell.get("outputs", [])]
    metadata = [one["metadata"].get("image/png", {}) for one in outputs if "image/png" in one.get("data", {})]
    words = [one.get("alt", "") for one in metadata]
    if html.count(_UNDESCRIBED) != len(words) or not all(words):
        raise ValueError("a picture has no alternative text: use display(figure, metadata={'image/png': {'alt': ...}})")
    for one in words:
        html = html.replace(_UNDESCRIBED, f'alt="{escape(one)}"', 1)
    return html


def _formula(match: re.Match[str]) -> str:
    if match["code"]:
        return match["code"]
    display = match["display"] is not None
    return mathml(unescape(match["display"] if display else match["inline"]), display=display)
