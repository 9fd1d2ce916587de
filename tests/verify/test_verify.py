"""`advlab verify`: saved adversarial images are checked by other code than made them."""

import json
import subprocess
import sys

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

from advlab import cli, data
from advlab.verify import Examples, load, verify
from advlab.verify.loading import UsageError

GREY = torch.full((5, 1, 2, 2), 0.5)


class Brightness(nn.Module):
    """Class 1 for images brighter than grey."""

    def forward(self, images):
        score = images.flatten(1).mean(1) - 0.55
        return torch.stack([-score, score], 1)


def examples(**changes):
    """The first holds; each other is wrong in one way."""
    adversarial = GREY + 0.1
    adversarial[1] = 0.5  # not fooled
    adversarial[2] = 0.61  # out of the ball
    adversarial[3, 0, 0, 0] = float("nan")
    adversarial[4] = 1.2  # out of the domain, and of the ball
    fields = {"images": GREY, "adversarial": adversarial, "labels": torch.zeros(5, dtype=torch.long)}
    return Examples(**{**fields, "index": torch.arange(5), "epsilon": 0.1, "norm": "Linf", **changes})


def test_each_way_to_be_wrong_is_seen():
    found = verify(Brightness(), examples())
    assert found.holds == [True, False, False, False, False]
    assert found.fooled[:3] == [True, False, True]
    assert found.inside_ball == [True, True, False, False, False]
    assert found.inside_domain == [True, True, True, False, False]
    assert found.right_before == [True] * 5
    assert found.size[0] == pytest.approx(0.1, abs=1e-7)
    json.dumps(found.to_json(), allow_nan=False)


def test_l2_sizes():
    found = verify(Brightness(), examples(norm="L2", epsilon=0.2))
    assert found.size[0] == pytest.approx(0.2, abs=1e-6)  # four pixels by 0.1
    assert found.inside_ball[:3] == [True, True, False]


def test_saved_and_loaded_again(tmp_path):
    path = tmp_path / "a.safetensors"
    examples().save(path)
    again = load(path)
    assert torch.equal(again.images, GREY)
    assert (again.epsilon, again.norm, again.model) == (0.1, "Linf", "")
    assert load(path, epsilon=0.3, norm="L2").epsilon == 0.3


def test_npz_with_originals_from_mnist(tmp_path):
    test = data.mnist("test")
    index = np.array([3, 14, 15])
    np.savez(tmp_path / "a.npz", adversarial=1 - test.images[index].numpy(), index=index, epsilon=1.0, norm="Linf")
    found = load(tmp_path / "a.npz")
    assert torch.equal(found.images, test.images[index])
    assert found.labels.tolist() == test.labels[index].tolist()
    assert found.epsilon == 1.0


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({}, "no 'adversarial'"),
        ({"adversarial": GREY}, "neither images and labels nor the index"),
        ({"adversarial": GREY, "index": torch.tensor([0, 1, 2, 3, 10000])}, "beyond the 10000"),
        ({"adversarial": GREY, "images": GREY[:3].clone(), "labels": torch.zeros(3)}, "do not fit each other"),
        ({"adversarial": GREY[:0], "images": GREY[:0], "labels": torch.zeros(0)}, "no image at all"),
        (
            {"adversarial": (GREY * 255).byte(), "images": (GREY * 255).byte(), "labels": torch.zeros(5)},
            "in [0, 1], got",
        ),
        ({"adversarial": GREY, "images": GREY.clone(), "labels": torch.zeros(5)}, "does not say its epsilon"),
    ],
)
def test_files_that_cannot_be_checked(tmp_path, arrays, said):
    safetensors.torch.save_file(arrays, tmp_path / "a.safetensors")
    with pytest.raises(UsageError, match=said.replace("[", "\\[")):
        load(tmp_path / "a.safetensors")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "brightness.py").write_text(
        "import torch\nfrom torch import nn\n\n\nclass Brightness(nn.Module):\n    def forward(self, images):\n"
        "        score = images.flatten(1).mean(1) - 0.55\n        return torch.stack([-score, score], 1)\n"
    )
    examples().save(tmp_path / "mixed.safetensors")
    whole = examples()
    first = {name: getattr(whole, name)[:1] for name in ("images", "adversarial", "labels", "index")}
    examples(**first).save(tmp_path / "good.safetensors")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "brightness", raising=False)
    return tmp_path


def test_exit_status_and_table(folder, capsys):
    assert cli.main(["verify", "good.safetensors", "--model", "brightness:Brightness"]) == 0
    assert cli.main(["verify", "mixed.safetensors", "--model", "brightness:Brightness"]) == 1
    said = capsys.readouterr().out
    assert "image 2: label 0, answered 1, size 0.11" in said
    assert cli.main(["verify", "mixed.safetensors", "--model", "brightness:Brightness", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["holds"] == [True, False, False, False, False]
    # A larger ball holds more.
    assert cli.main(["verify", "good.safetensors", "--model", "brightness:Brightness", "--epsilon", "0.05"]) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["missing.safetensors", "--model", "brightness:Brightness"], "there is no file"),
        (["good.safetensors"], "--model"),
        (["good.safetensors", "--model", "nothing:at_all"], "no module"),
        (["good.safetensors", "--model", "brightness:Brightness", "--epsilon", "-1"], "negative"),
        (["brightness.py", "--model", "brightness:Brightness"], "cannot be read"),
    ],
)
def test_wrong_usage(folder, capsys, words, said):
    assert cli.main(["verify", *words]) == 64
    assert said in capsys.readouterr().err


def test_a_model_that_the_book_does_not_have(folder, capsys):
    examples(model="unheard of").save(folder / "a.safetensors")
    assert cli.main(["verify", "a.safetensors"]) == 64
    assert "unheard of" in capsys.readouterr().err


def test_nothing_of_the_attacks_is_imported():
    code = (
        "import sys; import advlab.verify.command; sys.exit(any(m.startswith('advlab.attacks') for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
