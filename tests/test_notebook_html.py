"""The notebook's page: what a reader needs of mkdocs-jupyter's HTML, and nothing else."""

import nbformat
from mkdocs_jupyter.convert import nb2html

from advlab.notebook_html import plain

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
