"""The graders, proven: real mistakes are each rejected with their own hint, and different correct solutions pass."""

import itertools
import json
import subprocess
import sys
from pathlib import Path

import pytest

from advlab import cli
from advlab.grading import WrongUsage, announced, check, child, conduct, evaluating
from advlab.grading.catalogue import EXERCISES, grade
from advlab.grading.child import judged
from advlab.grading.verdict import COMMON

HERE = Path(__file__).parent
NAMES = announced.names()
CORRECT = HERE / "correct" / "fgsm" / "autograd_grad.py"


def files(kind: str) -> list[Path]:
    return sorted((HERE / kind).glob("*/*.py"))


def called(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def expected_hint(path: Path) -> str:
    """A file is called after the hint that it deserves; what follows two underscores tells several of a kind apart."""
    return path.stem.partition("__")[0]


@pytest.mark.parametrize("path", files("mistakes"), ids=called)
def test_a_mistake_is_rejected_with_its_own_hint(path: Path) -> None:
    verdict = judged(path.parent.name, path)
    assert verdict.hint == expected_hint(path), str(verdict)
    assert verdict.text in EXERCISES[path.parent.name].hints.values()
    assert not verdict.passed


@pytest.mark.parametrize("path", files("correct"), ids=called)
def test_correct_solutions_pass(path: Path) -> None:
    verdict = judged(path.parent.name, path)
    assert verdict.passed, str(verdict)
    assert verdict.checked


def test_every_exercise_has_three_correct_solutions_and_several_mistakes() -> None:
    assert set(NAMES) == set(EXERCISES)
    for name in NAMES:
        assert len([path for path in files("correct") if path.parent.name == name]) >= 3
        assert len({expected_hint(path) for path in files("mistakes") if path.parent.name == name}) >= 5


def test_every_hint_is_deserved_by_some_file() -> None:
    """What all attacks owe is one code for all of them: there a file of one exercise will do."""
    anywhere = {expected_hint(path) for path in files("mistakes")}
    for name in NAMES:
        here = {expected_hint(path) for path in files("mistakes") if path.parent.name == name}
        shared = {*COMMON, *(conduct.HINTS.keys() & anywhere)}
        assert set(EXERCISES[name].hints) - here - shared == set()
    assert set(conduct.HINTS) <= anywhere


@pytest.mark.parametrize(
    "mistake",
    [
        "fgsm/wrong_sign",
        "fgsm/wrong_label",
        "fgsm/missing_clamp",
        "fgsm/clamp_unit",
        "pgd/no_projection",
        "fgsm/train_mode",
        "pgd/accumulates",
        "fgsm/accumulates_in_images",
        "fgsm/in_place",
        "targeted_fgsm/wrong_sign",
        "robust_accuracy/transfer_only",
    ],
)
def test_the_known_mistakes_are_among_them(mistake: str) -> None:
    name, hint = mistake.split("/")
    assert any(path.parent.name == name and expected_hint(path) == hint for path in files("mistakes"))


@pytest.mark.parametrize("name", NAMES)
def test_hints_differ_and_give_nothing_away(name: str) -> None:
    hints = EXERCISES[name].hints
    assert len(set(hints.values())) == len(hints)
    for text in hints.values():
        assert text.endswith((".", "?"))
        assert "torch." not in text  # the name of the mistake, not the line that mends it
        assert "import" not in text


@pytest.mark.parametrize("name", NAMES)
def test_a_template_can_be_graded_and_is_not_finished(name: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(announced.template(name))
    verdict = judged(name, path)
    assert verdict.hint == "unfinished"
    assert "mine.py" in verdict.seen
    assert announced.title(name).endswith(".")


def test_counts_of_different_mistakes_differ() -> None:
    shares = evaluating.shares()
    for (one, value), (other, second) in itertools.combinations(shares.items(), 2):
        if one.partition(" ")[0] != other.partition(" ")[0]:
            assert abs(value - second) > 1e-5, (one, other)


def test_an_error_shows_the_readers_own_line() -> None:
    verdict = judged("fgsm", HERE / "mistakes" / "fgsm" / "raises.py")
    assert "line 10 of raises.py" in verdict.seen
    assert "torch.autograd.grad(loss, images)" in verdict.seen


def test_a_remark_is_made_of_flags_that_were_turned() -> None:
    assert "train mode" in " ".join(judged("fgsm", CORRECT).remarks)
    assert judged("fgsm", HERE / "correct" / "fgsm" / "backward.py").remarks == []


# --- In a notebook --------------------------------------------------------------------------------------------------


def test_the_call_in_a_notebook(capsys: pytest.CaptureFixture[str]) -> None:
    def standing_still(model, images, labels, epsilon):
        return images.clone()

    def point(count, n, alpha, sigma):
        return 0.0

    assert check("fgsm", standing_still) is False
    assert capsys.readouterr().out.startswith("fgsm: not passed (another_direction)")
    assert check("certified_radius", point) is False
    from advlab.attacks import fgsm

    assert check("fgsm", fgsm) is True
    assert "\nfgsm: passed\n" in capsys.readouterr().out


def test_wrong_usage_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(WrongUsage, match="Did you mean 'fgsm'"):
        check("fgms", print)
    with pytest.raises(WrongUsage, match="called as fgsm"):
        check("fgsm", lambda model, images: images)
    assert capsys.readouterr().out == ""


def test_functions_with_defaults_and_open_arguments_are_taken() -> None:
    verdict = grade("certified_radius", lambda *given, scale=1.0: 0.0)
    assert verdict.hint == "another_radius"


@pytest.mark.parametrize("found", [None, "0.1", [1.0, 2.0]])
def test_what_is_no_number_is_refused(found: object) -> None:
    assert grade("certified_radius", lambda *given: found).hint in ("returns", "another_radius")
    assert grade("robust_accuracy", lambda *given: found).hint == "returns"
    assert grade("interval_bounds", lambda *given: found).hint == "returns"
    assert grade("pgd", lambda *given: found).hint == "returns"


# --- On the command line --------------------------------------------------------------------------------------------


def run(*words: str, capfd: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    status = cli.main(["check", *words])
    said = capfd.readouterr()
    return status, said.out, said.err


def test_a_file_that_passes(capfd: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run("fgsm", str(CORRECT), capfd=capfd)
    assert (status, out.splitlines()[0]) == (0, "fgsm: passed")


def test_a_file_that_does_not(capfd: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run("fgsm", str(HERE / "mistakes" / "fgsm" / "wrong_sign.py"), capfd=capfd)
    assert status == 1
    assert out.startswith("fgsm: not passed (wrong_sign)")


WRONG_FILES = {
    "syntax": ("def fgsm(:\n", "SyntaxError"),
    "fails": ("raise RuntimeError('no data')\n", "RuntimeError: no data"),
    "other": ("def attack(model):\n    return model\n", "it has attack"),
    "arguments": ("def fgsm(model):\n    return model\n", "called as fgsm(model, images, labels, epsilon)"),
    "guard": ("if __name__ == '__main__':\n    raise SystemExit(3)\n", "it has no function"),
}


@pytest.mark.parametrize(("text", "said"), WRONG_FILES.values(), ids=WRONG_FILES.keys())
def test_files_that_are_none(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(text)
    child.main("fgsm", str(path), str(tmp_path / "found.json"))
    found = json.loads((tmp_path / "found.json").read_text())
    assert said in found.get("usage", found.get("says"))
    assert not found.get("passed")


def test_a_file_that_is_no_solution_is_wrong_usage(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.py"
    path.write_text("def attack(model):\n    return model\n")
    status, out, err = run("fgsm", str(path), capfd=capfd)
    assert (status, out) == (2, "")
    assert "it has attack" in err


def test_a_file_that_ends_the_process_has_not_passed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.py"
    path.write_text("raise SystemExit(0)\n")
    status, out, _ = run("fgsm", str(path), capfd=capfd)
    assert status == 1
    assert "ended the process" in out


def test_a_loop_without_an_end_is_stopped(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.py"
    path.write_text("while True:\n    pass\n")
    status, out, _ = run("fgsm", str(path), "--seconds", "1", capfd=capfd)
    assert status == 1
    assert "too_slow" in out


def test_neighbours_of_the_file_can_be_imported(tmp_path: Path) -> None:
    (tmp_path / "neighbour_of_mine.py").write_text("RADIUS = 0.0\n")
    path = tmp_path / "mine.py"
    path.write_text("from neighbour_of_mine import RADIUS\n\ndef certified_radius(*given):\n    return RADIUS\n")
    assert judged("certified_radius", path).hint == "another_radius"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "NAME FILE"),
        (["fgsm"], "NAME FILE"),
        (["fgms", "mine.py"], "Did you mean 'fgsm'"),
        (["fgsm", "nowhere.py"], "no file nowhere.py"),
        (["--template", "nothing"], "there is no exercise"),
        (["fgsm", str(CORRECT), "--seconds", "0"], "above 0"),
    ],
)
def test_wrong_usage_ends_with_2(words: list[str], said: str, capfd: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(*words, capfd=capfd)
    assert (status, out) == (2, "")
    assert said in err


def test_an_unknown_option_ends_with_2(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(["check", "--quickly"])
    assert stop.value.code == 2


def test_list_and_template(capfd: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run("--list", capfd=capfd)
    assert status == 0
    assert [line.partition("(")[0] for line in out.splitlines() if not line.startswith(" ")] == NAMES
    status, out, _ = run("--template", "pgd", capfd=capfd)
    assert (status, out) == (0, announced.template("pgd"))


def test_listing_loads_no_torch() -> None:
    code = "import sys; from advlab import cli; cli.main(['check', '--list']); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"


def test_the_child_writes_plain_json(tmp_path: Path) -> None:
    child.main("fgsm", str(CORRECT), str(tmp_path / "found.json"))
    found = json.loads((tmp_path / "found.json").read_text())
    assert set(found) == {"passed", "says"}
    assert found["passed"] is True


def test_common_hints_are_of_all() -> None:
    assert all(set(COMMON) <= set(exercise.hints) for exercise in EXERCISES.values())
