"""The page on tools: its file says what can be checked here, and the tables show all of it."""

import ast
import datetime
from pathlib import Path

import yaml

from advlab import attacks
from advlab.chapters import tools
from advlab.engine.cache.profile import DRAFT

LISTED = yaml.safe_load(tools.LISTED.read_text(encoding="utf-8"))
ORACLES = Path(__file__).resolve().parents[1] / "oracles"
#: Of the libraries that scripts of ours call, by the name of the module.
MODULES = {"torchattacks": "torchattacks", "foolbox": "foolbox", "ART": "art", "adv-lib": "adv_lib"}


def test_every_attack_of_ours_exists_and_none_that_has_a_paper_is_forgotten():
    ours = set(LISTED["names"]["rows"])
    assert ours <= set(attacks.__all__)
    helpers = {"autoattack_verdicts", "square_queries", "patched", "random_noise", "transfer"}
    helpers |= {"Column", "feasible", "spectacles"}
    of_this_book = {"masked", "tabular"}
    relatives = {"fast_gradient", "fab_targeted"}
    assert set(attacks.__all__) - helpers - relatives - of_this_book <= ours


def test_every_row_has_a_cell_for_each_library():
    listed = {one["name"] for one in LISTED["libraries"]}
    assert set(LISTED["names"]["columns"]) <= listed
    assert all(len(row) == len(LISTED["names"]["columns"]) for row in LISTED["names"]["rows"].values())


def test_dates_lie_before_the_day_on_which_they_were_seen():
    for one in LISTED["libraries"]:
        days = [day for day in (one["released"], one["changed"]) if day is not None]
        assert all(isinstance(day, datetime.date) and day <= LISTED["seen"] for day in days), one["name"]


def called_in_oracles(module: str) -> set[str]:
    """Names that the recording scripts take from a library's modules: they ran, so the names exist."""
    found = set()
    for script in [*ORACLES.glob("*.py"), *(ORACLES.parent / "benchmarks").glob("*.py")]:
        for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == module:
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.Attribute):
                root = node.value
                while isinstance(root, ast.Attribute):
                    root = root.value
                if isinstance(root, ast.Name) and root.id == module:
                    found.add(node.attr)
    return found


def test_names_that_our_oracles_call_are_names_of_the_table():
    for library, module in MODULES.items():
        column = LISTED["names"]["columns"].index(library)
        listed = {row[column] for row in LISTED["names"]["rows"].values()}
        assert listed & called_in_oracles(module), f"no name of {library} stands in a script that ran"


def test_tables_show_every_library_and_every_name():
    result = tools.listed.function(DRAFT)
    shown = tools.libraries.function(result)
    assert len(shown.rows) == len(LISTED["libraries"])
    days = [row[4] for row in shown.rows]
    assert days == sorted(days, reverse=True)
    assert tools.names.function(result).rows[list(LISTED["names"]["rows"]).index("pgd")][:2] == [
        '<code class="words">pgd</code>',
        '<code class="words">PGD</code>',
    ]
    assert not any(
        "null" in cell for table in (shown, tools.names.function(result)) for row in table.rows for cell in row
    )


def test_long_names_break_between_their_words():
    assert tools.breakable("L2CarliniWagner") == '<code class="words">L2<wbr>Carlini<wbr>Wagner</code>'
    assert tools.breakable("hop_skip") == '<code class="words">hop_<wbr>skip</code>'
