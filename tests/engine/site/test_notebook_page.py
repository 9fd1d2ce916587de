"""The notebook's page: what a reader needs of mkdocs-jupyter's HTML, and nothing else."""

import nbformat
import pytest
from mkdocs_jupyter.convert import nb2html

from advlab.engine.site.notebook_page import described, plain

TEXT = "# Title\n\nThe budget $\\varepsilon < 1$ and `$code$`.\n\n$$\n\\sum_i g_i\n$$\n"


def converted(tmp_path):
    output = nbformat.v4.new_output("stream", text="3 < 4\n")
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell(TEXT),
            nbformat.v4.new_code_cell("print(3, '<', 4)", execution_count=1, outputs=[output]),
        ],
        metadata={"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}},
    )
    path = tmp_path / "notebook.ipynb"
    nbformat.write(notebook, path)
    return nb2html(str(path), allow_errors=False, custom_mathjax_url="data:text/javascript,")


def test_no_script_no_style_no_other_host(tmp_path):
    before = converted(tmp_path)
    html = plain(before)
    for unwanted in ("<script", "<style", "http", "clipboard", "jp-InputPrompt", "<!--", "tabindex"):
        assert unwanted in before, "mkdocs-jupyter no longer writes this: the rule can go"
        assert unwanted not in html
    assert len(html) < 4000 < len(before)


def test_text_code_output_and_formulas_stay(tmp_path):
    html = plain(converted(tmp_path))
    assert '<h1 id="title">Title' in html
    assert '<div class="language-python highlight"><pre><span></span><code><span class="nb">print</span>' in html
    assert '<div class="language-text highlight"><pre><span></span><code>3 &lt; 4' in html
    assert '<math display="inline" alttext="\\varepsilon &lt; 1">' in html
    assert '<math display="block" alttext="\\sum_i g_i">' in html
    assert "<code>$code$</code>" in html


UNDESCRIBED = '<img alt="No description has been provided for this image" src="data:,"/>'


def pictured(*alts):
    """A notebook whose only cell put out pictures, with these words in their metadata."""
    outputs = [
        nbformat.v4.new_output(
            "display_data", {"image/png": "QUJD"}, metadata={"image/png": {"alt": alt} if alt else {}}
        )
        for alt in alts
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("draw()", outputs=outputs)])
    return nbformat.writes(notebook)


def test_pictures_get_their_words_in_order():
    html = described(UNDESCRIBED + UNDESCRIBED, pictured('a "seven"', "a nine"))
    assert html.index('alt="a &quot;seven&quot;"') < html.index('alt="a nine"')
    assert "No description" not in html


@pytest.mark.parametrize("alts", [("one", ""), ("one",), ("one", "two", "three")])
def test_a_picture_without_words_is_refused(alts):
    with pytest.raises(ValueError, match="no alternative text"):
        described(UNDESCRIBED + UNDESCRIBED, pictured(*alts))


def test_the_placeholder_is_still_what_nbconvert_writes(tmp_path):
    path = tmp_path / "notebook.ipynb"
    path.write_text(pictured("words"))
    html = nb2html(str(path), allow_errors=False, custom_mathjax_url="data:text/javascript,")
    assert 'alt="words"' in described(html, path.read_text())
