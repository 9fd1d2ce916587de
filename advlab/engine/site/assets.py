"""Fewer requests for a page: its styles in one file, the book's own scripts in one file.

A page is not shown before its styles are there, and each file is a round trip more. Names hold a hash of the content,
so that a reader's browser may keep them for long.
"""

import hashlib
import re
from pathlib import Path

#: What is put together: the theme's styles and the book's; the book's scripts, not the theme's.
_STYLE = re.compile(
    r'<link rel="stylesheet" href="(?P<base>[^"]*?)(?P<file>assets/(?:stylesheets/[^"/]+|book)\.css)">\s*'
)
_SCRIPT = re.compile(r'<script src="(?P<base>[^"]*?)(?P<file>assets/[^"/]+\.js)"></script>\s*')
#: Of mkdocstrings: for the one page with its markup.
_REFERENCE_STYLE = re.compile(r'<link rel="stylesheet" href="[^"]*assets/_mkdocstrings\.css">\s*')
_REFERENCE_MARKUP = 'class="doc '
#: Where browsers' tools look for the sources of a minified file: the originals still name them.
_MAP = re.compile(r"/\*# sourceMappingURL=.*?\*/|//# sourceMappingURL=.*")


def bundled(html: str, site: Path) -> str:
    """The page with one link for its styles and one for the book's scripts; writes these files into the site.

    Args:
        html: a whole page.
        site: the folder of the built site, which holds the files already that the page asks for.

    Raises:
        FileNotFoundError: the page asks for a file of ours that is not there.
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
