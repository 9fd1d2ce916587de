"""The notebook: its text keeps the laws, it runs from its first cell to its last, and its pictures have words."""

import os
import subprocess
import sys

import jupytext
import nbformat
import pytest

from advlab.edition import EDITION
from advlab.engine import snippets
from advlab.engine.build import program_outputs
from advlab.engine.pages import laws

TEXT = (EDITION.snippets / EDITION.notebook).read_text(encoding="utf-8")
SMALL = """# %% [markdown]
# # Small
#
# Words with $x$.

# %%
import os
import torch

print(torch.get_num_threads(), os.environ["ADVLAB_STORE"])
"""


@pytest.fixture(scope="module")
def notebook():
    return jupytext.reads(TEXT, fmt="py:percent")


def test_its_text_keeps_the_laws(notebook):
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    assert len(texts) > 10
    assert [str(breach) for text in texts for breach in laws.breaches(text, EDITION)] == []


def test_its_text_has_no_links_that_a_downloaded_notebook_would_break(notebook):
    assert [cell.source for cell in notebook.cells if cell.cell_type == "markdown" and "](" in cell.source] == []


def test_every_picture_is_shown_with_words():
    assert TEXT.count("plt.subplots(") == TEXT.count("\nshow(")
    assert "plt.show" not in TEXT


def test_it_runs_as_a_plain_program_too(tmp_path, trained, monkeypatch):
    """Its cells in order, with a small model instead of the stored one; what it prints holds the tables."""
    import advlab

    shown = []
    monkeypatch.setattr(advlab, "trained", lambda *args, **kwargs: trained)
    monkeypatch.setattr("IPython.display.display", lambda figure, metadata: shown.append(metadata))
    printed = snippets.run(TEXT.replace("data.subset(1000)", "data.subset(100)"), "tutorial.py")[""]
    assert "the same pixels: True" in printed
    assert printed.count("under FGSM") == 1
    assert printed.count("\n   0.30") == 2
    words = [metadata["image/png"]["alt"] for metadata in shown]
    assert len(words) == TEXT.count("\nshow(")
    assert all(len(one) > 40 for one in words)


def executed(text: str) -> bytes:
    return program_outputs.executed(text, "small.ipynb")["small.ipynb"]


def test_executed_on_one_thread_with_the_store_of_the_build(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ADVLAB_STORE", "here")
    first = executed(SMALL)
    book = nbformat.reads(first.decode(), as_version=4)
    nbformat.validate(book)
    (output,) = book.cells[1].outputs
    assert output.text == f"1 {tmp_path / 'here'}\n"
    assert book.cells[1].execution_count == 1
    assert [cell.id for cell in book.cells] == ["cell-0", "cell-1"]
    assert str(sys.executable) not in first.decode()
    assert first == executed(SMALL), "the same notebook, the same bytes"


def test_an_error_in_a_cell_stops_the_build():
    from nbclient.exceptions import CellExecutionError

    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        executed("# %%\n1 / 0\n")


def test_a_kernel_says_nothing_on_stderr():
    code = "from advlab.engine.build import program_outputs as p; p.executed('# %%\\nprint(1)\\n', 'x')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stderr == ""
