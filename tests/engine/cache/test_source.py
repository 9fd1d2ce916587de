"""The hash of reached source: nothing that matters is missed, nothing that does not matter counts."""

from pathlib import Path

import pytest

from advlab.engine.cache.source import Reached, Source
from advlab.engine.cache.syntax import UnfollowableSource
from advlab.engine.cache.versions import versions

TOY = {
    "__init__.py": "from toy.api import run\n",
    "api.py": '''
"""Docstring of the module."""
from toy import deep
from toy.deep import shape as form
import json
import numpy as np

LIMIT = 3
OTHER = 4

def run(x):
    """Says what it does."""
    return form(x) + deep.deeper.CONSTANT * LIMIT + helper(x)

def helper(x: "Unused") -> int:
    from toy.lazy import late
    return late(x)

def unrelated():
    return np.zeros(OTHER)

class Base:
    def method(self):
        return deep.through_base()

class Child(Base):
    pass

def makes():
    return Child().method()
''',
    "deep/__init__.py": "from toy.deep.shapes import shape\nfrom toy.deep import deeper\n"
    "VALUE = 7\ndef through_base():\n    return VALUE\n",
    "deep/shapes.py": "SIDES = 4\ndef shape(x):\n    return x * SIDES\ndef square(x):\n    return x * x\n",
    "deep/deeper.py": "import os\nCONSTANT = 5\nTABLE = {}\nTABLE['x'] = 1\nfor _ in range(2):\n    CONSTANT += 1\n",
    "lazy.py": "from math import sin\nfrom toy import first, second\nfrom toy.circle import even\nLATE = 1\n"
    "def late(x):\n    return sin(x) + LATE + apart(x) + even(x)\n"
    "def apart(x):\n    return first.same(x) - second.same(x)\n",
    "first.py": "def same(x):\n    return x\n",
    "second.py": "def same(x):\n    return x + 1\n",
    "circle.py": "STEP = 1\ndef even(x):\n    return odd(x - 1)\ndef odd(x):\n    return even(x - STEP)\n",
}


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    for name, text in TOY.items():
        path = tmp_path / "toy" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "toy"


def reached(toy: Path, target: str = "toy.api:run") -> Reached:
    return Source(toy, carriers=()).reached(target)


def edit(toy: Path, name: str, old: str, new: str) -> None:
    path = toy / name
    assert old in path.read_text(), "the planted edit does not apply"
    path.write_text(path.read_text().replace(old, new))


MATTERS = [
    ("api.py", "LIMIT = 3", "LIMIT = 4"),
    ("api.py", "return form(x) +", "return form(x) -"),
    ("api.py", "return late(x)", "return late(x) + 0"),
    ("deep/shapes.py", "SIDES = 4", "SIDES = 5"),
    ("deep/shapes.py", "return x * SIDES", "return SIDES * x"),
    ("deep/deeper.py", "CONSTANT = 5", "CONSTANT = 6"),
    ("deep/deeper.py", "range(2)", "range(3)"),
    ("deep/deeper.py", "TABLE['x'] = 1", "TABLE['x'] = 2"),
    ("lazy.py", "LATE = 1", "LATE = 2"),
    ("deep/__init__.py", "from toy.deep.shapes import shape", "from toy.deep.shapes import square as shape"),
    ("lazy.py", "from math import sin", "from math import cos as sin"),
    ("lazy.py", "return first.same(x) - second.same(x)", "return second.same(x) - first.same(x)"),
    ("circle.py", "return odd(x - 1)", "return odd(x - 2)"),
    ("circle.py", "STEP = 1", "STEP = 2"),
]


@pytest.mark.parametrize(("name", "old", "new"), MATTERS)
def test_a_change_that_matters_changes_the_hash(toy: Path, name: str, old: str, new: str) -> None:
    before = reached(toy).digest
    edit(toy, name, old, new)
    assert reached(toy).digest != before


DOES_NOT = [
    ("api.py", '"""Says what it does."""', '"""Says it better."""'),
    ("api.py", '"""Docstring of the module."""', '"""Another."""'),
    ("api.py", "OTHER = 4", "OTHER = 5"),
    ("api.py", "return np.zeros(OTHER)", "return np.ones(OTHER)"),
    ("api.py", 'x: "Unused"', 'x: "Other"'),
    ("api.py", "    return late(x)", "    # a comment\n\n    return late(x)"),
    ("deep/shapes.py", "return x * x", "return x**2"),
    ("deep/__init__.py", "VALUE = 7", "VALUE = 8"),
]


@pytest.mark.parametrize(("name", "old", "new"), DOES_NOT)
def test_a_change_that_does_not_matter_keeps_the_hash(toy: Path, name: str, old: str, new: str) -> None:
    before = reached(toy).digest
    edit(toy, name, old, new)
    assert reached(toy).digest == before


#: Where a module of the toy goes, and what else has to be said differently then.
MOVES = [
    ("lazy.py", "kept/late.py", {"api.py": [("toy.lazy import", "toy.kept.late import")]}),
    ("first.py", "kept/first.py", {"lazy.py": [("import first, second", "import second\nfrom toy.kept import first")]}),
    ("second.py", "third.py", {"lazy.py": [("first, second", "first, third"), ("second.same", "third.same")]}),
    (
        "deep/deeper.py",
        "deepest.py",
        {
            "deep/__init__.py": [("from toy.deep import deeper", "from toy import deepest")],
            "api.py": [("deep.deeper.CONSTANT", "deep.deepest.CONSTANT")],
        },
    ),
    (
        "deep/deeper.py",
        "kept/deeper.py",
        {
            "deep/__init__.py": [("from toy.deep import deeper", "import toy.kept.deeper")],
            "api.py": [("deep.deeper.CONSTANT", "deep.toy.kept.deeper.CONSTANT")],
        },
    ),
    ("circle.py", "round.py", {"lazy.py": [("toy.circle import", "toy.round import")]}),
]


@pytest.mark.parametrize(("old", "new", "edits"), MOVES, ids=[f"{old} to {new}" for old, new, _ in MOVES])
def test_a_module_that_moves_or_is_renamed_keeps_every_hash(
    toy: Path, old: str, new: str, edits: dict[str, list[tuple[str, str]]]
) -> None:
    targets = ("toy.api:run", "toy.api:makes")
    before = [reached(toy, target).digest for target in targets]
    (toy / "kept").mkdir()
    (toy / "kept" / "__init__.py").touch()
    (toy / old).rename(toy / new)
    for name, changes in edits.items():
        for said, says in changes:
            edit(toy, name, said, says)
    assert [reached(toy, target).digest for target in targets] == before
    assert f"toy.{new.removesuffix('.py').replace('/', '.')}" in reached(toy).modules


def test_a_data_file_that_moves_with_its_module_keeps_the_hash(toy: Path) -> None:
    (toy / "table.json").write_text("[1]")
    edit(toy, "deep/shapes.py", "SIDES = 4", "SIDES = len(open('table.json').read())")
    before = reached(toy).digest
    (toy / "table.json").rename(toy / "deep" / "table.json")
    assert reached(toy).digest == before
    (toy / "deep" / "table.json").write_text("[12]")
    assert reached(toy).digest != before


def test_parameters_called_like_modules_are_told_apart(toy: Path) -> None:
    """Their attributes lead to no definition: then only the names say which is which."""
    text = "from toy import first, second\ndef late(first, second):\n    return first.size - second.size\n"
    (toy / "lazy.py").write_text(text)
    before = reached(toy).digest
    edit(toy, "lazy.py", "first.size - second.size", "second.size - first.size")
    assert reached(toy).digest != before


def test_a_group_that_turns_in_a_circle_has_a_hash_for_each_member(toy: Path) -> None:
    found = reached(toy).definitions
    assert found["toy.circle:even"] != found["toy.circle:odd"]


def test_re_exports_are_followed_to_the_definition(toy: Path) -> None:
    found = reached(toy).definitions
    assert "toy.deep.shapes:shape" in found
    assert "toy.deep.shapes:square" not in found
    assert "toy.deep.deeper:CONSTANT" in found
    assert "toy.lazy:LATE" in found


def test_methods_of_base_classes_are_reached(toy: Path) -> None:
    assert "toy.deep:VALUE" in reached(toy, "toy.api:makes").definitions


def test_foreign_packages_count_only_where_they_are_used(toy: Path) -> None:
    assert reached(toy).packages == frozenset()
    assert reached(toy, "toy.api:unrelated").packages == {"numpy"}


def test_a_programs_text_reaches_what_it_imports(toy: Path) -> None:
    source = Source(toy, carriers=())
    found = source.reached(program="from toy import run\nimport torch\nprint(run(torch.ones(1)))\n")
    assert "toy.lazy:LATE" in found.definitions
    assert found.packages == {"torch"}
    whole = source.reached(program="import toy.deep as d\nprint(d)\n")
    assert "toy.deep:VALUE" in whole.definitions


def test_star_imports_are_refused(toy: Path) -> None:
    edit(toy, "api.py", "from toy.deep import shape as form", "from toy.deep import *")
    with pytest.raises(UnfollowableSource, match="line 4"):
        reached(toy)


def test_a_target_that_does_not_exist_is_named(toy: Path) -> None:
    with pytest.raises(KeyError, match=r"toy\.api:nothing"):
        reached(toy, "toy.api:nothing")


def test_carriers_are_not_followed_and_their_decorators_not_counted(toy: Path) -> None:
    (toy / "carrier.py").write_text("def keep(*a):\n    return lambda f: f\n")
    edit(toy, "api.py", "def run(x):", "from toy.carrier import keep\n@keep(OTHER)\ndef run(x):")
    source = Source(toy, carriers={"toy.carrier"})
    found = source.reached("toy.api:run")
    assert "toy.api:OTHER" not in found.definitions
    assert not any(name.startswith("toy.carrier") for name in found.definitions)
    assert found.digest == reached_without(toy).digest


def test_a_maker_in_a_carrier_is_followed_out_of_it_and_no_further_within(toy: Path) -> None:
    (toy / "carrier.py").write_text(
        "from toy import lazy\ndef make(f):\n    return inner(lazy.LATE)\ndef inner(x): return x\n"
    )
    found = Source(toy, carriers={"toy.carrier"}).reached("toy.carrier:make").definitions
    assert set(found) == {"toy.carrier:make", "toy.lazy:LATE"}


def reached_without(toy: Path) -> Reached:
    edit(toy, "api.py", "@keep(OTHER)\n", "")
    return Source(toy, carriers={"toy.carrier"}).reached("toy.api:run")


def test_other_decorators_count(toy: Path) -> None:
    before = reached(toy).digest
    edit(toy, "api.py", "def run(x):", "def twice(f):\n    return f\n@twice\ndef run(x):")
    changed = reached(toy)
    assert changed.digest != before
    assert "toy.api:twice" in changed.definitions


def test_an_edit_after_reading_is_noticed(toy: Path) -> None:
    source = Source(toy, carriers=())
    found = source.reached("toy.api:run")
    assert source.unchanged(found)
    edit(toy, "lazy.py", "LATE = 1", "LATE = 2")
    assert not source.unchanged(found)


def test_a_data_file_that_is_named_counts_by_its_content(toy: Path) -> None:
    (toy / "table.json").write_text("[1]")
    (toy / "other.json").write_text("[1]")
    edit(toy, "lazy.py", "LATE = 1", "LATE = open('table.json')")
    before = reached(toy)
    assert [Path(name).name for name in before.files] == ["table.json"]
    (toy / "other.json").write_text("[2]")
    assert reached(toy).digest == before.digest
    source = Source(toy, carriers=())
    (toy / "table.json").write_text("[2]")
    assert reached(toy).digest != before.digest
    assert not source.unchanged(before)


def test_versions_follow_requirements() -> None:
    found = versions(["scipy"])
    assert {"numpy", "scipy"} <= set(found)
    assert versions([]) == {}
