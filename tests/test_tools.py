"""The page of tools: our names are names of advlab, theirs were found in their source, and what it cites is known."""

import importlib
import json
import re
from pathlib import Path

import pytest

from advlab import tools
from advlab.bibliography import load as works

CONTENT = tools.load()
#: What was found in the libraries' repositories: where each name is defined, at which commit of which day.
FOUND = json.loads((Path(__file__).parent / "oracles" / "names.json").read_text())


def plain(key):
    return works()[key].short


@pytest.mark.parametrize("row", CONTENT["names"], ids=lambda row: row["ours"])
def test_our_names_are_public_names_of_advlab(row):
    module, _, name = row["ours"].rpartition(".")
    package = importlib.import_module(module)
    assert callable(getattr(package, name))
    assert name in package.__all__


def test_their_names_were_found_in_their_source():
    shown = {library: {row[library] for row in CONTENT["names"] if library in row} for library in CONTENT["libraries"]}
    assert shown == {library: set(found["names"]) for library, found in FOUND.items()}


def test_their_names_agree_with_what_the_oracles_called():
    scripts = "\n".join(path.read_text() for path in (Path(__file__).parent / "oracles").glob("record*.py"))
    called = set(re.findall(r"\btorchattacks\.([A-Z]\w+)\(", scripts))
    assert "FGSM" in called
    assert called <= set(FOUND["torchattacks"]["names"])


def test_the_day_of_the_state_is_not_before_that_of_any_commit():
    assert all(found["date"] <= str(CONTENT["seen"]) for found in FOUND.values())


def test_reading_goes_through_the_bibliography_once():
    keys = [work["cite"] for group in CONTENT["reading"] for work in group["works"]]
    assert len(keys) == len(set(keys))
    assert set(keys) <= works().keys()
    text = tools.reading(plain)
    assert [int(number) for number in re.findall(r"(?m)^(\d+)\.", text)] == list(range(1, len(keys) + 1))


def test_tables_have_a_row_for_each():
    assert tools.peers(plain).count("https://github.com/") == len(CONTENT["tools"])
    assert str(CONTENT["seen"]) in tools.peers(plain)
    rows = [line for line in tools.names().splitlines() if line.startswith("| `")]
    assert len(rows) == len(CONTENT["names"])
    assert {line.count("|") for line in rows} == {len(CONTENT["libraries"]) + 2}


GOOD = "tools: [{name: a, url: b, use: c, state: d}]\nlibraries: [e]\nnames: [{ours: x.y, e: f}]\n"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("state: d", "condition: d", "needs"),
        ("e: f", "g: f", "names g"),
        ("e: f}", "e: f}, {ours: x.y}", "stands twice"),
    ],
)
def test_a_bad_file_is_refused(tmp_path, old, new, said):
    path = tmp_path / "tools.yml"
    path.write_text(GOOD)
    assert tools.load(path)["libraries"] == ["e"]
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(ValueError, match=said):
        tools.load(path)
