"""A book of two pages and one chapter, in a folder of its own, on the engine alone: nothing of this book is in it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

FILES = {
    "toybook/__init__.py": "",
    "toybook/edition.py": """
from pathlib import Path
from advlab.engine.editions import Edition

HERE = Path(__file__).parent
EDITION = Edition(
    module="toybook.edition", root=HERE.parent, chapters="toybook.chapters",
    scheme="toybook.looks:scheme", save="toybook.looks:save",
    paths=HERE / "paths.yml", glossary=HERE / "words.yml", bibliography=HERE / "works.yml",
    identifiers=HERE / "identifiers.txt", published=HERE / "published.json", recorded=HERE / "recorded",
    provenance_page="second", bibliography_page="second",
    given="toybook.learning:given", packages=("numpy",),
)
""",
    "toybook/looks.py": """
import io
from contextlib import contextmanager
import matplotlib
matplotlib.use("agg")
import matplotlib.pyplot as plt

@contextmanager
def scheme(name):
    with plt.rc_context({"figure.facecolor": {"light": "white", "dark": "black"}[name], "svg.hashsalt": "toy"}):
        yield
        plt.close("all")

def save(figure):
    content = io.BytesIO()
    figure.savefig(content, format="svg", metadata={"Date": None})
    return content.getvalue()
""",
    "toybook/learning.py": '''
import time
from advlab.engine.cache.computation import Computation
from advlab.engine.cache.encoding import to_bytes
from advlab.engine.cache.progress import report

STEP = 0.2
PAUSE = 0.02

def learned(epochs):
    """Towards one half, by steps."""
    value = 0.0
    for epoch in range(epochs):
        value += STEP * (0.5 - value)
        time.sleep(PAUSE)
        report(epoch + 1, epochs)
    return {"model.json": to_bytes(value)}

def learning(epochs):
    return Computation("model", "halving", learned, (epochs,), {"epochs": epochs})

def given(profile):
    return [learning(10)]
''',
    "toybook/middle.py": '''"""In between."""
from toybook.bottom import CONSTANT


def answer():
    return CONSTANT + 1
''',
    "toybook/bottom.py": '"""At the bottom."""\nCONSTANT = 41\nUNUSED = 1\n',
    "toybook/unrelated.py": '"""Nothing uses it."""\n\n\ndef idle(x):\n    return x\n',
    "toybook/chapters/__init__.py": "HOLDS_CHAPTERS = True\n",
    "toybook/chapters/toy.py": '''
"""A toy chapter."""
import json
from pathlib import Path
import matplotlib.pyplot as plt
from toybook import middle
from toybook.learning import learning
from advlab.engine.chapter import Drawing, Table, claim, figure, fragment, measurement, table

EPOCHS = 10

@measurement
def answer(profile):
    """What comes out of the depths."""
    return {"value": middle.answer(), "parts": {"one": 0.25}}

@measurement(trainings=lambda profile: [learning(EPOCHS)])
def half(profile):
    """What was learned."""
    return {"last": learning(EPOCHS).get().json("model.json")}

@measurement
def listed(profile):
    """What a data file says."""
    return {"names": json.loads(Path(__file__).with_name("names.json").read_text())}

@figure(answer)
def bar(result):
    fig, axes = plt.subplots()
    axes.bar([0], [result["value"]])
    return Drawing(fig, alt=f"A bar of height {result['value']}.", caption="The answer.")

@table(answer)
def answers(result):
    return Table(["name", "value"], [["answer", str(result["value"])]], "All answers.", "lr")

@claim(answer)
def positive(result):
    """The answer is positive."""
    return result["value"] > 0

@fragment(answer)
def words(result):
    return f'<a href="<< root >>second/">{"much" if result["value"] > 9 else "little"}</a>, << link("second.md") >>'
''',
    "toybook/chapters/names.json": '["one"]',
    "toybook/paths.yml": "fifteen minutes: []\nthe whole book: [{page: index.md}, {page: second.md}]\n",
    "toybook/words.yml": "[{term: answer, meaning: what is given back}]\n",
    "toybook/works.yml": "- {key: adams1979, authors: [Adams], title: A guide, venue: Pan, year: 1979, url: 'https://a.b'}\n",
    "toybook/identifiers.txt": "",
    "toybook/published.json": "{}",
    "CITATION.cff": "title: Toy\nauthors: [{name: Nobody}]\nversion: one\ndate-released: 2026-01-01\n",
    "docs/index.md": """# Toy

The answer is << n("toy:answer/value", "d") >>. << claim("toy:positive", "It is positive.") >> << cite("adams1979") >>

<< figure("toy:bar") >>

<< table("toy:answers") >>

<< fragment("toy:words") >>

```python
--8<-- "toy/hello.py"
```

```text
<< output("toy/hello.py") >>
```
""",
    "docs/second.md": """# Second

<< n("toy:half/last", "%0") >>, << n("toy:listed/names/0", "s") >>.

<< provenance() >>

<< references() >>
""",
    "snippets/toy/hello.py": 'print("hello", 0.5)\n',
    "snippets/index.yml": "Say hello:\n  - toy/hello.py: It says hello.\n",
    "mkdocs.yml": """
site_name: Toy
site_url: ""
watch: [toybook, snippets]
nav: [{Home: index.md}, {Second: second.md}]
theme: {name: material, font: false}
plugins: [search, {advlab: {edition: toybook.edition}}]
markdown_extensions:
  [abbr, attr_list, md_in_html, tables, pymdownx.superfences, {pymdownx.highlight: {pygments_lang_class: true}}]
""",
}


def make(folder: Path) -> Path:
    """The book in `folder`: its two pages show everything that a page can show."""
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def environment(folder: Path) -> dict[str, str]:
    """For processes in that folder: its package can be imported, its store is its own."""
    changed = {"PYTHONPATH": str(folder), "ADVLAB_STORE": str(folder / "store"), "NO_MKDOCS_2_WARNING": "1"}
    dropped = {"ADVLAB_PROFILE", "ADVLAB_DEVICE", "ADVLAB_SITE"}
    return {**{name: value for name, value in os.environ.items() if name not in dropped}, **changed}


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """`python -m ...` in the project; both streams as text."""
    return subprocess.run(
        [sys.executable, "-m", *words], cwd=folder, env=environment(folder), capture_output=True, text=True, check=False
    )


def edit(folder: Path, name: str, old: str, new: str) -> None:
    """Replace a text in a file that must hold it."""
    path = folder / name
    text = path.read_text()
    assert old in text, f"the planted edit does not apply to {name}"
    path.write_text(text.replace(old, new))
