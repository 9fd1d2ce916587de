"""What a plain import loads: who attacks a model of their own waits for no tool of the book, nor for what is idle."""

import ast
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
#: Tools of the book and of single functions of the lab, which import them when they are called.
UNUSED = {"IPython", "jinja2", "markdown", "matplotlib", "mkdocs", "pandas", "rich", "scipy", "sklearn", "statsmodels"}


def loaded(module: str) -> set[str]:
    """Top-level names of all modules that a fresh process has after importing one."""
    program = (
        f"import json, sys, {module}; print(json.dumps(sorted({{name.partition('.')[0] for name in sys.modules}})))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("module", ["attacks", "audit", "data", "defenses", "evaluation", "verify", "zoo"])
def test_a_part_of_the_lab_loads_nothing_that_it_does_not_use(module: str) -> None:
    assert loaded(f"advlab.{module}") & (UNUSED | {"torchvision"}) == set()


def test_the_package_and_its_command_line_start_without_torch() -> None:
    assert loaded("advlab") & {"torch", *UNUSED} == set()
    assert loaded("advlab.cli") & {"torch", *UNUSED} == set()


def test_the_lab_imports_nothing_but_what_the_wheel_requires() -> None:
    """Every foreign import below the lab and the engine's cache, wherever it stands, is a base dependency."""
    required = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    names = {requirement.partition(">")[0] for requirement in required}
    imported_as = {"pillow": "PIL"}
    known = {imported_as.get(name, name) for name in names} | sys.stdlib_module_names | {"advlab"}
    book = {"chapters", "engine", "edition.py", "cli.py"}
    files = [path for path in (ROOT / "advlab").rglob("*.py") if path.relative_to(ROOT / "advlab").parts[0] not in book]
    files += (ROOT / "advlab" / "engine" / "cache").glob("*.py")
    found = {(path.name, top) for path in files for top in foreign(path)}
    assert {(name, top) for name, top in found if top not in known} == set()
    assert {top for _, top in found} >= {"torch", "scipy", "PIL", "jinja2"}


def foreign(path: Path) -> set[str]:
    """Top-level packages that a file imports anywhere."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").partition(".")[0])
    return found
