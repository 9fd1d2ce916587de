"""The engine names nothing of this book: no page, no attack, no network, in no line of code that runs."""

import ast
import re
from pathlib import Path

import pytest

from advlab import attacks, zoo
from advlab.edition import EDITION
from advlab.models import networks

ENGINE = Path(__file__).resolve().parents[2] / "advlab" / "engine"
FILES = sorted(ENGINE.rglob("*.py"))
PAGES = {path.relative_to(EDITION.docs).as_posix() for path in EDITION.docs.rglob("*.md")}
NETWORKS = {name for name, one in vars(networks).items() if getattr(one, "__module__", "") == networks.__name__}
#: Two models have names that are words of the engine, too: a profile, and files of adversarial images.
NAMES = {*attacks.__all__, *zoo.NAMED, *NETWORKS, "mnist"} - {"standard", "adversarial"}


def words(text: str) -> set[str]:
    """The words of the code: names, attributes, imports and texts, without docstrings."""
    found = set()
    tree = ast.parse(text)
    holders = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    documented = [node.body[0] for node in ast.walk(tree) if isinstance(node, holders) and ast.get_docstring(node)]
    docstrings = {id(one.value) for one in documented if isinstance(one, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            found |= {node.value, *re.findall(r"[\w/]+(?:\.\w+)?", node.value)}
        elif isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.ImportFrom):
            found |= {*(node.module or "").split("."), *(alias.name for alias in node.names)}
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ENGINE).as_posix())
def test_no_line_names_a_page_an_attack_or_a_network(path: Path) -> None:
    assert words(path.read_text(encoding="utf-8")) & (NAMES | PAGES) == set()


def test_the_search_finds_what_is_named() -> None:
    text = '"""Of fgsm."""\nfrom advlab.attacks import pgd\nx = SimpleCNN\nsee = "attacks/fgsm.md and model.md"\n'
    assert words(text) & (NAMES | PAGES) == {"pgd", "SimpleCNN", "attacks/fgsm.md", "model.md"}
