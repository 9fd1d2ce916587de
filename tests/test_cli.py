"""The command line: what it lists, forgets and refuses."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from advlab import cli
from advlab.engine.cache.store import Store


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("ADVLAB_STORE", str(tmp_path))
    return Store()


def test_list_shows_kind_name_key_age_size_and_seconds(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    store.write("model", "SimpleCNN/0", "a" * 64, {"x": b"12345"}, {"seconds": 61.25})
    assert cli.main(["list"]) == 0
    line = capsys.readouterr().out
    for part in ("model", "SimpleCNN/0", "aaaaaaaaaaaa", "0 s old", "KiB", "61.2 s"):
        assert part in line
    assert cli.main(["list", "--json"]) == 0
    row = json.loads(capsys.readouterr().out)
    assert row["name"] == "SimpleCNN/0"
    assert row["seconds"] == 61.25


def test_clean_keeps_what_a_book_refers_to(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    for letter in "ab":
        store.write("model", f"m{letter}", letter * 64, {"x": b""}, {"seconds": 1.0})
    (store.root / "books").mkdir()
    (store.root / "books" / "draft.json").write_text(json.dumps({"models": {"ma": {"key": "a" * 64}}}))
    assert cli.main(["clean"]) == 0
    assert "deleted 1 entries" in capsys.readouterr().out
    assert [entry.name for entry in store.entries()] == ["ma"]
    assert cli.main(["clean", "--all"]) == 0
    assert list(store.entries()) == []
    assert list((store.root / "books").iterdir()) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "required"),
        (["bild"], "invalid choice"),
        (["build", "--jobs", "0"], "positive whole number"),
        (["build", "--profile", "big"], "invalid choice"),
    ],
)
def test_wrong_usage_ends_with_64(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(words)
    assert stop.value.code == 64
    assert said in capsys.readouterr().err


def test_a_device_that_is_not_there_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADVLAB_DEVICE", "")
    assert cli.main(["build", "--device", "cuda:99"]) == 64
    assert "cuda:99" in capsys.readouterr().err


def test_help_tells_the_commands() -> None:
    done = subprocess.run([sys.executable, "-m", "advlab", "--help"], capture_output=True, text=True, check=True)
    assert {"build", "list", "clean"} <= set(done.stdout.replace(",", " ").split())
