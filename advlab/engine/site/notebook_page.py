"""The notebook's page without the notebook's machinery.

mkdocs-jupyter puts 600 KB of styles into the page, and scripts that would load MathJax and Mermaid from
elsewhere. A page needs none of that: what is left here is plain HTML in the classes of every other page, so
that it looks the same, can be copied from, and works without scripts.
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
#: nbconvert knows no words for a picture.
_UNDESCRIBED = 'alt="No description has been provided for this image"'
_PROSE = re.compile(r'(?<=data-mime-type="text/markdown">)(.*?)(?=</div>)', re.DOTALL)
_FORMULA = re.compile(
    r"(?P<code><(?P<tag>code|pre)\b.*?</(?P=tag)>)|\$\$(?P<display>.+?)\$\$|(?<![\\$])\$(?P<inline>[^$\n]+)\$",
    re.DOTALL,
)


def plain(html: str) -> str:
    """The content of a notebook's page, as mkdocs-jupyter made it, in the plain classes of the book.

    Raises:
        FormulaError: a formula that cannot be drawn as MathML.
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
    """The page with each picture's words, which the notebook keeps in the metadata of its outputs.

    Raises:
        ValueError: a picture without words.
    """
    outputs = [output for cell in json.loads(notebook)["cells"] for output in cell.get("outputs", [])]
    metadata = [one["metadata"].get("image/png", {}) for one in outputs if "image/png" in one.get("data", {})]
    words = [one.get("alt", "") for one in metadata]
    if html.count(_UNDESCRIBED) != len(words) or not all(words):
        raise ValueError("a picture without words: display(figure, metadata={'image/png': {'alt': ...}})")
    for one in words:
        html = html.replace(_UNDESCRIBED, f'alt="{escape(one)}"', 1)
    return html


def _formula(match: re.Match[str]) -> str:
    if match["code"]:
        return match["code"]
    display = match["display"] is not None
    return mathml(unescape(match["display"] if display else match["inline"]), display=display)
