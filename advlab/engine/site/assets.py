"""Bundle the styles of a page into one file and the book's own scripts into another, to save requests.

Browsers show a page only once its styles are loaded, and each file costs another round trip. File names contain a hash
of the content, so that browsers can cache the files for a long time.
"""

import hashlib
import re
from pathlib import Path

#: The files to bundle: the styles of the theme and of the book, but only the book's scripts, not the theme's.
_STYLE = re.compile(
    r'<link rel="stylesheet" href="(?P<base>[^"]*?)(?P<file>assets/(?:stylesheets/[^"/]+|book)\.css)">\s*'
)
_SCRIPT = re.compile(r'<script src="(?P<base>[^"]*?)(?P<file>assets/[^"/]+\.js)"></script>\s*')
#: The stylesheet of mkdocstrings, which only the page with its markup needs.
_REFERENCE_STYLE = re.compile(r'<link rel="stylesheet" href="[^"]*assets/_mkdocstrings\.css">\s*')
_REFERENCE_MARKUP = 'class="doc '
#: Pointers to source maps in minified files; they are dropped because the original files still have them.
_MAP = re.compile(r"/\*# sourceMappingURL=.*?\*/|//# sourceMappingURL=.*")


def bundled(html: str, site: Path) -> str:
    """Return the page with one link to its styles and one to the book's scripts; write these files into the site.

    Args:
        html: a complete page.
        site: folder of the built site, which already holds the files that the page links.

    Raises:
        FileNotFoundError: a linked file does not exist in the site.
    """
    if _REFERENCE_MARKUP not in html:
        html = _REFERENCE_STYLE.sub("", html)
    html = _together(html, _STYLE, site, "assets/stylesheets/all.{}.css", '<link rel="stylesheet" href="{}">')
    return _together(html, _SCRIPT, site, "assets/javascripts/book.{}.js", '<script src="{}"></script>')


def _together(html: str, pattern: re.Pattern[str], site: Path, name: str, tag: str) -> str:
    asked = list(pattern.finditer(html))
    if not asked:
        return html
    contents = [_MAP.sub("", (site / one["file"]).read_text(encoding="utf-8")).strip() for one in asked]
    whole = "\n".join(contents) + "\n"
    name = name.format(hashlib.sha256(whole.encode()).hexdigest()[:8])
    if not (site / name).is_file():
        (site / name).write_text(whole, encoding="utf-8")
    put = iter([tag.format(asked[0]["base"] + name) + "\n"])
    return pattern.sub(lambda one: next(put, ""), html)
