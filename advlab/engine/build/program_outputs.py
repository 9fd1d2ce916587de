"""What the programs of snippets/ print, and the notebook made of one of them, as the store keeps them."""

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
    """A program's printed output (`output.json`, by section), under its text and all that it reaches."""
    text = (edition.snippets / name).read_text(encoding="utf-8")
    return Computation("output", name, printed, (text, name), {"program": text, **profile.sizes()}, program=text)


def printed(text: str, name: str) -> Files:
    """What a program prints, as the store keeps it."""
    return {"output.json": to_bytes(snippets.run(text, name))}


def notebook(edition: Edition, profile: Profile) -> Computation:
    """The executed notebook ("tutorial/tutorial.py" becomes `tutorial.ipynb`), under its program's text as above.

    Raises ValueError for an edition without a notebook.
    """
    if edition.notebook is None:
        raise ValueError(f"{edition.module} names no notebook")
    path = edition.snippets / edition.notebook
    text = path.read_text(encoding="utf-8")
    tools = versions(["jupytext", "nbclient", "ipykernel", "matplotlib"])
    parameters = {"program": text, "tools": tools, **profile.sizes()}
    return Computation("notebook", path.stem, executed, (text, f"{path.stem}.ipynb"), parameters, program=text)


def executed(text: str, file: str) -> Files:
    """The program as an executed notebook, without times or names of this machine. Raises on a cell's error."""
    import jupytext  # here: Jupyter's libraries are needed by who builds the book, not by who uses the library
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
            resources={"metadata": {"path": folder}},
            # Files of this folder instead of ports that others on the machine could reach.
            config=Config({"KernelManager": {"transport": "ipc", "ip": f"{folder}/kernel"}}),
        )
        # One thread, as for all that is stored; and the store stays where it is in a kernel that runs elsewhere.
        one_thread = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        client.execute(env={**os.environ, **one_thread, "ADVLAB_STORE": str(default_root())})
    for number, cell in enumerate(book.cells):
        cell["id"] = f"cell-{number}"  # random otherwise, and the same notebook would differ at each build
    book.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return {file: nbformat.writes(book).encode()}
