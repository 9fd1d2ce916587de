"""A small copy of this project with a chapter of its own, for tests that edit sources and build."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

CHAPTER = '''
"""A toy chapter."""
from __future__ import annotations
import dataclasses
import time
from typing import Any
import matplotlib.pyplot as plt
from advlab import middle, progress, zoo
from advlab.profile import Profile
from advlab.stored import Drawing, Table, claim, figure, measurement, table

SMALL = dataclasses.replace(zoo.STANDARD, epochs=1, train_images=400, test_images=100)


@measurement
def answer(profile: Profile) -> dict[str, Any]:
    """What comes out of the depths."""
    return {"value": middle.answer(), "parts": {"one": 0.25}}


@measurement(trainings=lambda profile: [zoo.training(SMALL, 0)])
def accuracy(profile: Profile) -> dict[str, Any]:
    """Of a small training."""
    return {"last": zoo.history(SMALL, 0)[-1]["test_accuracy"]}


@figure(answer)
def bar(result: dict[str, Any]) -> Drawing:
    fig, axes = plt.subplots()
    axes.bar([0], [result["value"]])
    return Drawing(fig, alt=f"A bar of height {result['value']}.", caption="The answer.")


@table(answer)
def answers(result: dict[str, Any]) -> Table:
    return Table(["name", "value"], [["answer", str(result["value"])]], "All answers.", "lr")


@claim(answer)
def positive(result: dict[str, Any]) -> bool:
    """The answer is positive."""
    return result["value"] > 0
'''

PAGE = """# Toy

The answer is << n("toy:answer/value", "d") >>. << claim("toy:positive", "It is positive.") >>

<< figure("toy:bar") >>

<< table("toy:answers") >>

```python
--8<-- "toy/hello.py"
```

```text
<< output("toy/hello.py") >>
```
"""

MIDDLE = '''"""In between."""
from advlab.bottom import CONSTANT


def answer():
    return CONSTANT + 1
'''

MKDOCS = """
site_name: Toy
site_url: ""
watch: [advlab, snippets]
nav: [{Home: index.md}]
theme: {name: material, font: false}
plugins: [search, advlab]
markdown_extensions:
  [abbr, attr_list, md_in_html, tables, pymdownx.superfences, {pymdownx.highlight: {pygments_lang_class: true}}]
"""


def make(folder: Path) -> Path:
    """The project in `folder`: advlab without its chapters, and one page that shows everything a page can show."""
    ignore = shutil.ignore_patterns("__pycache__", "chapters", "*.gz")
    shutil.copytree(ROOT / "advlab", folder / "advlab", ignore=ignore)
    for archive in (ROOT / "advlab" / "mnist" / "MNIST" / "raw").glob("*.gz"):
        (folder / "advlab" / "mnist" / "MNIST" / "raw" / archive.name).symlink_to(archive)
    chapters = folder / "advlab" / "chapters"
    chapters.mkdir()
    for name in ("__init__.py", "style.py"):
        shutil.copy(ROOT / "advlab" / "chapters" / name, chapters / name)
    files = {
        "advlab/chapters/toy.py": CHAPTER,
        "advlab/middle.py": MIDDLE,
        "advlab/bottom.py": '"""At the bottom."""\nCONSTANT = 41\nUNUSED = 1\n',
        "advlab/paths.yml": "fifteen minutes: []\nthe whole book: [{page: index.md}]\n",
        "docs/index.md": PAGE,
        "mkdocs.yml": MKDOCS,
        "pyproject.toml": "",
        "snippets/toy/hello.py": 'print("hello", 0.5)\n',
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    shutil.copy(ROOT / "CITATION.cff", folder)
    return folder


def environment(folder: Path) -> dict[str, str]:
    changed = {"PYTHONPATH": str(folder), "ADVLAB_STORE": str(folder / "store"), "NO_MKDOCS_2_WARNING": "1"}
    dropped = {"ADVLAB_PROFILE", "ADVLAB_DEVICE", "ADVLAB_SITE"}
    return {**{name: value for name, value in os.environ.items() if name not in dropped}, **changed}


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """`python -m ...` in the project; both streams as text."""
    return subprocess.run(
        [sys.executable, "-m", *words], cwd=folder, env=environment(folder), capture_output=True, text=True, check=False
    )


def edit(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / name
    text = path.read_text()
    assert old in text, f"the planted edit does not apply to {name}"
    path.write_text(text.replace(old, new))
