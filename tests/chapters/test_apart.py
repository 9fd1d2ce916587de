"""Chapters stand apart: what another page shows too is a chapter's public face, and helpers of several are shared."""

import ast
import importlib
from pathlib import Path

import pytest

CHAPTERS = Path(__file__).resolve().parents[2] / "advlab" / "chapters"
FILES = sorted(CHAPTERS.rglob("*.py"))
PACKAGE = "advlab.chapters"


def chapter_of(path: Path) -> str:
    return path.relative_to(CHAPTERS).parts[0].removesuffix(".py")


def taken_from_others(path: Path, text: str) -> list[tuple[str, str]]:
    """(module, name) of everything that a file imports from chapters other than its own."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE):
            inner = (node.module or "").removeprefix(PACKAGE).lstrip(".")
            for alias in node.names:
                if (inner or alias.name).partition(".")[0] not in {chapter_of(path), "shared"}:
                    found.append((node.module or "", alias.name))
        elif isinstance(node, ast.Import):
            names = (alias.name for alias in node.names if alias.name.startswith(f"{PACKAGE}."))
            found += [(name, "") for name in names if name.split(".")[2] not in {chapter_of(path), "shared"}]
    return found


def breaches(path: Path, text: str) -> list[str]:
    """What a file takes of another chapter that is not part of its public face."""
    found = []
    for module, name in taken_from_others(path, text):
        whole = f"{module}.{name}" if module == PACKAGE else module
        public = getattr(importlib.import_module(whole), "__all__", []) if whole.count(".") == 2 else []
        if not public or (module != PACKAGE and name not in public):
            found.append(f"{module}:{name}")
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(CHAPTERS).as_posix())
def test_no_chapter_reaches_into_another(path: Path) -> None:
    assert breaches(path, path.read_text(encoding="utf-8")) == []


def test_shared_helpers_know_no_chapter() -> None:
    for path in (CHAPTERS / "shared").glob("*.py"):
        assert taken_from_others(path, path.read_text(encoding="utf-8")) == []


def test_the_search_finds_what_reaches_in() -> None:
    path = CHAPTERS / "index.py"
    assert breaches(path, "from advlab.chapters.fgsm.measure import curve\n") == ["advlab.chapters.fgsm.measure:curve"]
    assert breaches(path, "from advlab.chapters.fgsm import figures\n") == ["advlab.chapters.fgsm:figures"]
    assert breaches(path, "import advlab.chapters.fgsm.measure\n") == ["advlab.chapters.fgsm.measure:"]
    assert breaches(path, "from advlab.chapters.fgsm import curve\nfrom advlab.chapters import detection\n") == []
