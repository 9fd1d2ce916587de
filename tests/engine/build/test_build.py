"""Builds of a small book on the engine alone, in fresh processes: what is edited is measured, what is not is kept."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine import toy

COMMAND = ("advlab.engine.build.command", "toybook.edition")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built once as a draft; each test edits it and leaves it built."""
    folder = toy.make(tmp_path_factory.mktemp("toy"))
    build(folder)
    return folder


def build(folder: Path, *words: str) -> str:
    done = toy.run(folder, *COMMAND, "--profile", "draft", *words)
    assert done.returncode == 0, done.stderr
    return done.stderr


def book(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "store" / "books" / "draft.json").read_text())
    return content


def made(log: str) -> set[str]:
    """What a build's log says that it made."""
    return {line.removesuffix(" ...") for line in log.splitlines() if line.endswith(" ...")}


def result(folder: Path, name: str) -> Any:
    path = folder / "store" / book(folder)["measurements"][name]["path"] / "result.json"
    return json.loads(path.read_text())


def test_everything_is_made_at_first(project: Path) -> None:
    found = book(project)
    assert result(project, "toy:answer")["value"] == 42
    assert 0.4 < result(project, "toy:half")["last"] < 0.5
    assert found["claims"]["toy:positive"]["holds"] is True
    assert found["tables"]["toy:answers"]["rows"] == [["answer", "42"]]
    assert set(found["figures"]) == {"toy:bar"}
    assert set(found["outputs"]) == {"toy/hello.py"}


def test_a_second_build_makes_nothing(project: Path) -> None:
    assert made(build(project)) == set()


IDLE = [
    ("toybook/bottom.py", '"""At the bottom."""', '"""At the very bottom."""'),
    ("toybook/bottom.py", "UNUSED = 1", "UNUSED = 2"),
    ("toybook/learning.py", '"""Towards one half, by steps."""', '"""Towards a half."""'),
    ("toybook/unrelated.py", "return x", "return x + 1"),
]


def test_edits_that_do_not_matter_make_nothing(project: Path) -> None:
    for edit in IDLE:
        toy.edit(project, *edit)
    assert made(build(project)) == set()


def test_a_figures_colours_draw_it_again_and_measure_nothing(project: Path) -> None:
    toy.edit(project, "toybook/chapters/toy.py", "axes.bar([0]", "axes.bar([1]")
    assert made(build(project)) == {"drawing toy:bar"}


def test_a_constant_far_down_changes_the_number_and_trains_nothing(project: Path) -> None:
    """The poisoned build: two imports below the measurement."""
    toy.edit(project, "toybook/bottom.py", "CONSTANT = 41", "CONSTANT = 8")
    assert made(build(project)) == {"measuring toy:answer", "drawing toy:bar"}
    assert result(project, "toy:answer")["value"] == 9


def test_another_ending_of_a_data_file_is_no_way_past_the_keys(project: Path) -> None:
    toy.edit(project, "toybook/chapters/names.json", "one", "another")
    assert made(build(project)) == {"measuring toy:listed"}
    assert result(project, "toy:listed")["names"] == ["another"]


def test_a_module_that_moves_costs_nothing(project: Path) -> None:
    (project / "toybook" / "deep").mkdir()
    (project / "toybook" / "deep" / "__init__.py").touch()
    (project / "toybook" / "bottom.py").rename(project / "toybook" / "deep" / "ground.py")
    toy.edit(project, "toybook/middle.py", "toybook.bottom", "toybook.deep.ground")
    assert made(build(project)) == set()
    (project / "toybook" / "deep" / "ground.py").rename(project / "toybook" / "bottom.py")
    toy.edit(project, "toybook/middle.py", "toybook.deep.ground", "toybook.bottom")


def test_a_constant_of_the_training_trains_again(project: Path) -> None:
    toy.edit(project, "toybook/learning.py", "STEP = 0.2", "STEP = 0.25")
    assert made(build(project)) == {"training halving", "measuring toy:half"}


def test_damaged_model_and_result_are_noticed_and_made_again(project: Path) -> None:
    before = {name: result(project, name) for name in ("toy:answer", "toy:half")}
    found = book(project)
    for kind, name, file in (
        ("models", "halving", "model.json"),
        ("measurements", "toy:answer", "result.json"),
    ):
        path = project / "store" / found[kind][name]["path"] / file
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(bytes(content))
    log = build(project)
    assert log.count("is damaged") >= 2
    assert made(log) == {"training halving", "measuring toy:answer"}
    assert {name: result(project, name) for name in before} == before


def test_two_builds_at_once_do_not_hurt_each_other(project: Path) -> None:
    toy.edit(project, "toybook/learning.py", "STEP = 0.25", "STEP = 0.3")
    toy.edit(project, "toybook/bottom.py", "CONSTANT = 8", "CONSTANT = 20")
    logs: list[str] = []
    threads = [threading.Thread(target=lambda: logs.append(build(project, "--jobs", "1"))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(logs) == 2, "one of the builds failed"
    assert "is damaged" not in "".join(logs)
    assert result(project, "toy:answer")["value"] == 21
    assert made(build(project)) == set()


def test_a_killed_build_goes_on_with_nothing_half_written(project: Path) -> None:
    toy.edit(project, "toybook/chapters/toy.py", "EPOCHS = 10", "EPOCHS = 1500")
    toy.edit(project, "toybook/bottom.py", "CONSTANT = 20", "CONSTANT = 30")
    process = subprocess.Popen(
        [sys.executable, "-m", *COMMAND, "--profile", "draft", "--jobs", "2"],
        cwd=project, env=toy.environment(project), stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert process.stderr is not None
    seen = []
    for line in process.stderr:
        seen.append(line)
        if "measuring toy:answer: " in line:
            break
    time.sleep(2)  # the training is under way now
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.stderr.close()
    assert "training halving ...\n" in seen
    assert not any("training halving: " in line for line in seen), "the training ended before it could be killed"
    toy.edit(project, "toybook/chapters/toy.py", "EPOCHS = 1500", "EPOCHS = 10")
    log = build(project)
    assert "is damaged" not in log
    assert "measuring toy:answer" not in made(log), "what was finished before the kill is kept"
    assert result(project, "toy:answer")["value"] == 31


def test_the_site_shows_it_and_a_second_site_is_the_same_to_the_byte(project: Path) -> None:
    sites = []
    for name in ("one", "two"):
        done = toy.run(project, "mkdocs", "build", "--strict", "--site-dir", str(project / name))
        assert done.returncode == 0, done.stderr
        sites.append({p.relative_to(project / name): p.read_bytes() for p in (project / name).rglob("*.svg")})
    assert made(done.stderr) == set()
    assert sites[0]
    assert sites[0] == sites[1]
    page = (project / "one" / "index.html").read_text()
    assert "hello 0.5" in page
    assert 'alt="A bar of height' in page
    assert '<a href="second/">much</a>' in page
    second = (project / "one" / "second" / "index.html").read_text()
    assert 'href="../results/toy.answer.json"' in second
    assert "A guide" in second


def test_a_false_claim_and_an_unknown_name_fail_the_site(project: Path) -> None:
    toy.edit(project, "toybook/chapters/toy.py", 'result["value"] > 0', 'result["value"] < 0')
    done = toy.run(project, "mkdocs", "build", "--strict", "--site-dir", str(project / "false"))
    assert done.returncode != 0
    assert "toy:positive" in done.stderr
    toy.edit(project, "toybook/chapters/toy.py", 'result["value"] < 0', 'result["value"] > 0')
    for old, new, said in (
        ("toy:answer/value", "toy:answer/valu", "toy:answer/value"),
        ("toy:bar", "toy:baz", "toy:bar"),
        ("toy:answers", "toy:answer", "toy:answers"),
        ("toy/hello.py", "toy/hallo.py", "toy/hello.py"),
        ("toy:positive", "toy:negative", "toy:positive"),
    ):
        page = (project / "docs" / "index.md").read_text()
        toy.edit(project, "docs/index.md", f'"{old}"', f'"{new}"')
        done = toy.run(project, "mkdocs", "build", "--strict", "--site-dir", str(project / "false"))
        (project / "docs" / "index.md").write_text(page)
        assert done.returncode != 0, new
        assert new in done.stderr
        assert said in done.stderr, "the message should name what comes close"


def test_an_edition_that_is_not_there_is_named_in_one_sentence(project: Path) -> None:
    for edition, said in (("nobook.edition", "nobook"), ("toybook.middle", "defines no EDITION")):
        done = toy.run(project, "advlab.engine.build.command", edition, "--profile", "draft")
        assert done.returncode == 64
        assert said in done.stderr
        toy.edit(project, "mkdocs.yml", "toybook.edition", edition)
        site = toy.run(project, "mkdocs", "build", "--strict", "--site-dir", str(project / "none"))
        toy.edit(project, "mkdocs.yml", edition, "toybook.edition")
        assert site.returncode != 0
        assert f"edition: '{edition}'" in site.stderr
        assert said in site.stderr
        assert "Traceback" not in done.stderr + site.stderr


@pytest.fixture
def served(project: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    environment = {**toy.environment(project), "ADVLAB_PROFILE": "draft"}
    with (project / "serve.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mkdocs", "serve", "--dev-addr", address],
            cwd=project, env=environment, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
        yield f"http://{address}/"
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def becomes(address: str, text: str, seconds: float) -> float:
    """Wait until the page holds a text; how long that took."""
    started = time.monotonic()
    page = ""
    while time.monotonic() - started < seconds:
        try:
            page = urllib.request.urlopen(address, timeout=5).read().decode()
        except OSError:
            page = ""
        if text in page:
            return time.monotonic() - started
        time.sleep(0.2)
    raise AssertionError(f"{text!r} did not appear within {seconds} s; the page: {page[:500]}")


def test_an_edit_far_down_changes_the_page_under_a_running_serve(project: Path, served: str) -> None:
    value = result(project, "toy:answer")["value"]
    becomes(served, f">{value}</a>", 120)
    toy.edit(project, "toybook/bottom.py", f"CONSTANT = {value - 1}", "CONSTANT = 1000")
    becomes(served, ">1,001</a>", 120)
    toy.edit(project, "docs/index.md", "# Toy\n", "# Toy\n\nNew prose.\n")
    becomes(served, "New prose.", 60)
