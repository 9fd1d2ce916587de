"""Programs of snippets/: their sections, and what they print when they run."""

import dataclasses
from pathlib import Path

import pytest

from advlab.edition import EDITION
from advlab.engine import snippets

PROGRAM = """import math

# --8<-- [start:first]
x = math.sqrt(4)
print("x is", x)
# --8<-- [end:first]
print("between")
# --8<-- [start:second]
y = x + 1
# --8<-- [start:inner]
print("y is", y)
# --8<-- [end:inner]
print("end")
# --8<-- [end:second]
"""


def test_sections_in_order():
    assert snippets.sections(PROGRAM) == ["first", "second", "inner"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("# --8<-- [start:a]\n", "without an end: a"),
        ("# --8<-- [end:a]\n", "'a' ends but is not open"),
        ("# --8<-- [start:a]\n# --8<-- [end:a]\n# --8<-- [end:a]\n", "'a' ends but is not open"),
        ("# --8<-- [start:a]\n# --8<-- [start:a]\n", "'a' starts twice"),
        ("# --8<-- [start:a]\n# --8<-- [end:a]\n# --8<-- [start:a]\n# --8<-- [end:a]\n", "'a' starts twice"),
        ("x = 1  # --8<-- [start:a]\n", "no section mark"),
        ("# --8<-- [begin:a]\n", "no section mark"),
        ("# --8<-- [start:a] here\n", "no section mark"),
        ('# --8<-- "other.py"\n', "no section mark"),
    ],
)
def test_broken_marks_are_refused(text, said):
    with pytest.raises(ValueError, match=said):
        snippets.sections(text)
    with pytest.raises(ValueError, match=said):
        snippets.run(text, "a.py")


def test_output_by_section():
    assert snippets.run(PROGRAM, "a.py") == {
        "": "x is 2.0\nbetween\ny is 3.0\nend\n",
        "first": "x is 2.0\n",
        "second": "y is 3.0\nend\n",
        "inner": "y is 3.0\n",
    }


def test_a_program_runs_as_the_main_one_in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = 'from pathlib import Path\nif __name__ == "__main__":\n    print(Path("left.txt").write_text("xyz"))\n'
    assert snippets.run(text, "a.py") == {"": "3\n"}
    assert Path.cwd() == tmp_path
    assert list(tmp_path.iterdir()) == []


def test_programs_do_not_see_each_other():
    snippets.run("x = 1\n", "a.py")
    with pytest.raises(NameError):
        snippets.run("print(x)\n", "b.py")


def test_an_error_names_file_and_line_and_leaves_the_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = "# --8<-- [start:a]\nx = 1\n# --8<-- [end:a]\n\nraise RuntimeError('no')\n"
    with pytest.raises(RuntimeError, match="no") as raised:
        snippets.run(text, "fgsm/bad.py")
    assert str(raised.traceback[-1].path).endswith("bad.py")
    assert raised.traceback[-1].lineno + 1 == 5
    assert Path.cwd() == tmp_path


def test_a_program_that_exits_is_an_error_with_its_name():
    with pytest.raises(RuntimeError, match=r"fgsm/bad\.py ends the process"):
        snippets.run("raise SystemExit('no report')\n", "fgsm/bad.py")


def test_names_are_relative_and_leave_the_notebook_out(tmp_path):
    edition = dataclasses.replace(EDITION, root=tmp_path)
    for name in ("tutorial/tutorial.py", "b/two.py", "a/one.py", "a/look.sh"):
        (edition.snippets / name).parent.mkdir(parents=True, exist_ok=True)
        (edition.snippets / name).write_text("")
    assert snippets.names(edition) == ["a/one.py", "b/two.py"]


@pytest.mark.parametrize("name", snippets.names(EDITION))
def test_every_program_has_sound_sections_and_is_short(name):
    text = (EDITION.snippets / name).read_text(encoding="utf-8")
    snippets.sections(text)
    compile(text, name, "exec")
    assert len(text.splitlines()) <= 60, "a page's program is one that a reader takes in at a glance"
