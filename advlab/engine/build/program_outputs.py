"""Computations of what the programs of snippets/ print, and of the notebook made from one of them."""

from __future__ import annotations

import os
import tempfile

from advlab.engine import snippets
from advlab.engine.cache.computation import Computation
from advlab.engine.cache.encoding import Files, to_bytes
from advlab.engine.cache.profile import Profile
from advlab.engine.cache.store import default_root
from advlab.engine.cache.versions import versions
from advlab.engine.editions import Edition


def output(edition: Edition, name: str, profile: Profile) -> Computation:
    """Return the computation of a program's output; its key covers the text and the source that it reaches.

    Args:
        edition: the edition that the program belongs to.
        name: path of the program below snippets/.
        profile: the sizes of the models that the program uses.

    Raises:
        OSError: the program cannot be read.
    """
    text = (edition.snippets / name).read_text(encoding="utf-8")
    return Computation("output", name, printed, (text, name), {"program": text, **profile.sizes()}, program=text)


def printed(text: str, name: str) -> Files:
    """Run a program and return what it prints, by section, as `output.json`.

    Args:
        text: the program.
        name: file name in tracebacks and messages.

    Raises:
        ValueError: the section marks are broken.
        RuntimeError: the program calls `sys.exit`.
        Exception: whatever the program raises.
    """
    return {"output.json": to_bytes(snippets.run(text, name))}


def notebook(edition: Edition, profile: Profile) -> Computation:
    """Return the computation of the executed notebook ("tutorial/tutorial.py" becomes `tutorial.ipynb`).

    Its key covers the program's text, the source that it reaches, and the versions of the tools that run it.

    Raises:
        ValueError: the edition has no notebook.
        OSError: the program cannot be read.
    """
    if edition.notebook is None:
        raise ValueError(f"{edition.module} names no notebook")
    path = edition.snippets / edition.notebook
    text = path.read_text(encoding="utf-8")
    tools = versions(["jupytext", "nbclient", "ipykernel", "matplotlib"])
    parameters = {"program": text, "tools": tools, **profile.sizes()}
    return Computation("notebook", path.stem, executed, (text, f"{path.stem}.ipynb"), parameters, program=text)


def executed(text: str, file: str) -> Files:
    """Execute a program as a notebook and return the file, without timings or names of this machine.

    Args:
        text: the program, with cells in the percent format.
        file: file name of the notebook.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell raised an error.
    """
    import jupytext  # imported here: only building the book needs Jupyter, not using the library
    import nbformat
    from nbclient import NotebookClient
    from traitlets.config import Config

    book = jupytext.reads(text, fmt="py:percent")
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            book,
            kernel_name="python3",
            timeout=None,
            record_timing=False,
            coalesce_streams=True,  # else two prints are one output or two, as their messages happen to arrive
            resources={"metadata": {"path": folder}},
            # Connect through files in this folder, because other users of the machine could reach ports.
            config=Config({"KernelManager": {"transport": "ipc", "ip": f"{folder}/kernel"}}),
        )
        # One thread, as for all stored results. The kernel runs in another folder, so it needs the store's full path.
        one_thread = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        client.execute(env={**os.environ, **one_thread, "ADVLAB_STORE": str(default_root())})
    for number, cell in enumerate(book.cells):
        cell["id"] = f"cell-{number}"  # random otherwise, so that the same notebook would differ with each build
    book.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return {file: nbformat.writes(book).encode()}
