"""Styles and scripts put together: in the page's order, once, and nothing of another page's."""

import pytest

from advlab.engine.site.assets import bundled

HEAD = """<head>
<link rel="stylesheet" href="{base}assets/stylesheets/main.1234.min.css">
<link rel="stylesheet" href="{base}assets/stylesheets/palette.5678.min.css">
<link rel="stylesheet" href="{base}assets/_mkdocstrings.css">
<link rel="stylesheet" href="{base}assets/book.css">
</head><body>{body}
<script src="{base}assets/javascripts/bundle.9.min.js"></script>
<script src="{base}assets/slider.js"></script>
<script src="{base}assets/filter.js"></script>
</body>"""


@pytest.fixture
def site(tmp_path):
    files = {
        "stylesheets/main.1234.min.css": "main{}\n/*# sourceMappingURL=main.css.map */",
        "stylesheets/palette.5678.min.css": "palette{}",
        "_mkdocstrings.css": "reference{}",
        "book.css": "book{}\n",
        "slider.js": '"use strict"; slide();\n',
        "filter.js": "filter();",
    }
    for name, content in files.items():
        path = tmp_path / "assets" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    (tmp_path / "assets/javascripts").mkdir()
    return tmp_path


def only(site, pattern):
    (path,) = site.glob(pattern)
    return path


@pytest.mark.parametrize("base", ["", "../../", "/"])
def test_one_file_of_styles_and_one_of_scripts(site, base):
    html = bundled(HEAD.format(base=base, body="text"), site)
    styles, scripts = only(site, "assets/stylesheets/all.*.css"), only(site, "assets/javascripts/book.*.js")
    assert styles.read_text() == "main{}\npalette{}\nbook{}\n"
    assert scripts.read_text() == '"use strict"; slide();\nfilter();\n'
    assert html.count("<link") == 1
    assert f'href="{base}assets/stylesheets/{styles.name}"' in html
    assert html.count("<script") == 2
    assert html.index("bundle.9.min.js") < html.index(f'src="{base}assets/javascripts/{scripts.name}"')


def test_the_reference_keeps_its_style(site):
    html = bundled(HEAD.format(base="../", body='<div class="doc doc-object">'), site)
    assert '<link rel="stylesheet" href="../assets/_mkdocstrings.css">' in html
    assert html.count("<link") == 2


def test_alike_pages_share_the_files_and_another_content_has_another_name(site):
    page = HEAD.format(base="", body="")
    assert bundled(page, site) == bundled(page, site)
    first = only(site, "assets/stylesheets/all.*.css").name
    (site / "assets/book.css").write_text("book{color:red}")
    assert first not in bundled(page, site)
    assert len(list(site.glob("assets/stylesheets/all.*.css"))) == 2


def test_what_is_bundled_stays_bundled_and_other_pages_stay_alone(site):
    once = bundled(HEAD.format(base="", body=""), site)
    assert bundled("<p>no files</p>", site) == "<p>no files</p>"
    assert "assets/book.css" not in once


def test_a_file_that_is_not_there_is_an_error(site):
    (site / "assets/book.css").unlink()
    with pytest.raises(FileNotFoundError, match=r"book\.css"):
        bundled(HEAD.format(base="", body=""), site)
