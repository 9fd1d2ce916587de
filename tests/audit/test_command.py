"""`advlab audit` as a user runs it: in a folder of their own, with their own files."""

import json
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
import torch

from advlab import cli
from advlab.audit.report import facts
from tests.audit import mymodel

HERE = Path(__file__).parent
QUICK = ["--epsilon", "0.1", "--quick", "--images", "20", "--data", "data.npz"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A user's folder, the current one; their module is imported anew."""
    shutil.copy(HERE / "mymodel.py", tmp_path / "usermodel.py")
    mymodel.write(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "usermodel", raising=False)
    yield tmp_path
    sys.modules.pop("usermodel", None)


def run(*words):
    return cli.main(["audit", *map(str, words)])


def test_the_real_command_line_with_all_its_files(folder):
    """In a process of its own, from a folder that nothing but the command knows."""
    command = [sys.executable, "-m", "advlab", "audit", "usermodel:good", *QUICK, "--at-least", "0.99"]
    files = ["--json", "a.json", "--report", "card.html", "--save", "a.safetensors"]
    root = str(HERE.parent.parent)
    environment = {**os.environ, "PYTHONPATH": root, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*command, *files, "--epsilon", "0.3"], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 1, done.stderr
    assert "worst case of each" in done.stdout
    assert "Not robust enough" in done.stdout
    found = json.loads((folder / "a.json").read_text())
    assert found["exit_status"] == 1
    assert len(found["images"]) == 20
    assert "usermodel:good" in (folder / "card.html").read_text()
    again = [sys.executable, "-m", "advlab", "verify", "a.safetensors", "--model", "usermodel:good", "--json"]
    checked = subprocess.run(again, capture_output=True, text=True, check=True, env=environment)
    assert json.loads(checked.stdout)["all_hold"]


def test_exit_status_0_at_least_and_without_a_bound(folder, capsys):
    assert run("usermodel:good", *QUICK, "--epsilon", "0.001", "--at-least", "0.5", "--report", "card.md") == 0
    assert "Held: robust accuracy" in capsys.readouterr().out
    assert "**Held: robust accuracy" in (folder / "card.md").read_text()
    assert run("usermodel:good", *QUICK) == 0


def test_exit_status_2_when_the_evaluation_cannot_be_trusted_unless_it_is_broken_anyway(folder, capsys):
    assert run("usermodel:rounds", *QUICK, "--at-least", "0.01") == 2
    said = capsys.readouterr().out
    assert "No verdict" in said
    assert "zero gradients" in said
    # Attacks without gradients broke enough: an upper bound below what was asked for stays below it.
    assert run("usermodel:rounds", *QUICK, "--at-least", "0.99", "--epsilon", "0.5") == 1
    assert "may be lower still" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("data", ["data.safetensors", "usermodel:loader"])
def test_data_in_every_form(folder, data):
    assert run("usermodel:good", *QUICK[:-1], data) == 0


@pytest.mark.parametrize(
    ("factory", "said"),
    [
        ("nan", "NaN or infinity for clean images"),
        ("shape", "must return logits [20, classes] for 20 images, got [20, 3, 1]"),
        ("one_output", "must return logits"),
        ("in_place", "writes to its input"),
        ("raises", "the model fails on a batch of images [20, 1, 4, 4]: RuntimeError: mat1 and mat2"),
        ("gives_numpy", "got ndarray"),
        ("fails", "usermodel:fails() failed: FileNotFoundError: weights.pt"),
        ("text", "must return a torch.nn.Module, not str"),
    ],
)
def test_a_model_that_cannot_be_audited_is_told_why(folder, capsys, factory, said):
    assert run(f"usermodel:{factory}", *QUICK) == 2
    error = capsys.readouterr().err.strip()
    assert said in error.splitlines()[-1]
    assert error.splitlines()[-1].startswith("advlab audit: no verdict: ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nomodule:good", *QUICK], "there is no module 'nomodule'"),
        (["usermodel:nothing", *QUICK], "usermodel has no 'nothing'; it has"),
        (["usermodel.py", *QUICK], "is not of the form package.module:name"),
        (["usermodel:WEIGHT", *QUICK], "cannot be called"),
        (["usermodel:good", *QUICK, "--epsilon", "8"], "8/255?"),
        (["usermodel:good", *QUICK, "--epsilon", "0"], "above 0"),
        (["usermodel:good", *QUICK, "--epsilon", "nan"], "finite"),
        (["usermodel:good", *QUICK, "--at-least", "60"], "0.6?"),
        (["usermodel:good", *QUICK, "--images", "0"], "at least 1"),
        (["usermodel:good", *QUICK, "--images", "100"], "has 60 images, 100 were asked for"),
        (["usermodel:good", *QUICK, "--report", "card.pdf"], ".html or .md"),
        (["usermodel:good", *QUICK, "--save", "a.npz"], ".safetensors"),
        (["usermodel:good", *QUICK, "--json", "no/where.json"], "there is no folder no"),
        (["usermodel:good", *QUICK, "--device", "cuda:99"], "cuda:99"),
        (["usermodel:good", *QUICK[:-1], "missing.npz"], "there is no file missing.npz"),
        (["usermodel:good", *QUICK[:-1], "broken.npz"], "cannot be read"),
        (["usermodel:good", *QUICK[:-1], "broken.safetensors"], "cannot be read"),
        (["usermodel:good", *QUICK[:-1], "data.csv"], "neither a .npz or .safetensors file nor"),
        (["usermodel:good", *QUICK[:-1], "bytes.npz"], "divide by 255"),
        (["usermodel:good", *QUICK[:-1], "normalised.npz"], "already normalised?"),
        (["usermodel:good", *QUICK[:-1], "unlabelled.npz"], "has no 'labels'; it holds images"),
        (["usermodel:good", *QUICK[:-1], "lengths.npz"], "need one label each"),
        (
            ["usermodel:good", *QUICK[:-1], "usermodel:odd_loader"],
            "a pair of tensors (images, labels), not list(Tensor)",
        ),
    ],
)
def test_wrong_usage_ends_with_64_and_a_reason(folder, capsys, words, said):
    assert run(*words) == 64
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error


def test_options_that_argparse_refuses(folder, capsys):
    for words in (
        ["usermodel:good"],
        ["usermodel:good", "--epsilon", "much"],
        [*QUICK, "usermodel:good", "--norm", "L1"],
    ):
        with pytest.raises(SystemExit) as stop:
            run(*words)
        assert stop.value.code == 64


def test_labels_beyond_the_models_classes(folder, capsys):
    assert run("usermodel:good", *QUICK[:-1], "classes.npz") == 2
    assert "the model has 3 outputs, for classes 0 to 2" in capsys.readouterr().err


def test_a_module_that_fails_while_it_is_imported(folder, capsys):
    (folder / "failing.py").write_text("import math\nmath.sqrt(-1)\n")
    (folder / "lacking.py").write_text("import not_installed_anywhere\n")
    assert run("failing:model", *QUICK) == 2
    assert "importing failing failed: ValueError" in capsys.readouterr().err
    assert run("lacking:model", *QUICK) == 2
    assert "not_installed_anywhere" in capsys.readouterr().err


class Addresses(HTMLParser):
    """Everything in a page that a browser would fetch, and all tags left open."""

    def __init__(self):
        super().__init__()
        self.found, self.tags = [], set()

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.found += [value for name, value in attributes if name in ("href", "src", "srcset", "action", "data")]


def test_the_card_is_self_contained_and_holds_every_field(audited):
    from advlab.audit.report import html, markdown

    page, text = html(audited), markdown(audited)
    parser = Addresses()
    parser.feed(page)
    assert parser.found == []
    assert not parser.tags & {"script", "link", "img", "iframe", "object"}
    assert not re.search(r"https?:|@import|url\(", page)
    for name, value in facts(audited):
        assert name in page
        assert value in text
    for part in (
        "NISTAML.022",
        "AML.T0043.000",
        "ML01:2023",
        "SHA-256",
        "Square",
        "queries",
        "95% Wilson",
        str(audited.seed),
    ):
        assert part in page
        assert part in text
    for flag in audited.flags:
        for words in (flag.name, flag.do):
            assert words in text


def test_names_cannot_break_out_of_the_card(audited):
    from dataclasses import replace

    from advlab.audit.report import html

    nasty = replace(audited, model={**audited.model, "name": "<script>alert(1)</script>"})
    assert "<script>" not in html(nasty)


def test_json_says_it_all(audited):
    found = json.loads(json.dumps(audited.to_json(), allow_nan=False))
    for field in ("verdict", "model", "data", "threat_models", "epsilon", "norm", "clean", "robust", "attacks", "curve",
                  "flags", "seed", "quick", "versions", "machine", "date", "seconds", "images"):  # fmt: skip
        assert field in found
    assert found["robust"].keys() == {"value", "low", "high", "count", "n"}
    survivors = sum(image["broken_by"] == "" for image in found["images"])
    assert survivors == found["robust"]["count"]


def test_torch_is_imported_only_where_it_is_needed():
    code = "import sys; from advlab import cli; cli._parser(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=HERE.parent.parent).returncode == 0


def test_the_models_own_state_is_left_alone(audited_model):
    model, before, training = audited_model
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    assert [module.training for module in model.modules()] == training
    assert all(parameter.grad is None for parameter in model.parameters())
