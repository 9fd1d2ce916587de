"""The open challenge: its network is the published one, and a file is judged by the data, not by what it says."""

import pytest
import torch

from advlab import challenge
from advlab.attacks import fgsm
from advlab.data import indices, mnist
from advlab.evaluation import predict
from advlab.verify.loading import ModelError, UsageError


@pytest.fixture(scope="module")
def attacked():
    """Some images under one step: index and what became of them."""
    test, index = mnist("test"), indices(challenge.IMAGES)[::25]
    changed = fgsm(challenge.model(), test.images[index], test.labels[index], challenge.EPSILON)
    return index, changed


def written(tmp_path, changed, index):
    path = tmp_path / "mine.safetensors"
    challenge.save(path, changed, index)
    return path


def test_other_weights_are_refused(tmp_path, monkeypatch):
    other = tmp_path / "weights.safetensors"
    other.write_bytes(challenge.WEIGHTS.read_bytes()[:-1] + b"?")
    monkeypatch.setattr(challenge, "WEIGHTS", other)
    with pytest.raises(ModelError, match="SHA-256"):
        challenge.model()


def test_what_is_left_is_counted_by_the_network_itself(tmp_path, attacked):
    index, changed = attacked
    test, network = mnist("test"), challenge.model()
    found = challenge.score(written(tmp_path, changed, index))
    right = predict(network, test.images[index]) == test.labels[index]
    fooled = predict(network, changed) != test.labels[index]
    assert found.clean.count - found.left.count == int((right & fooled).sum())
    assert found.refused == index[~fooled].tolist()
    assert found.clean.n == challenge.IMAGES


def test_what_leaves_the_ball_does_not_count(tmp_path):
    test, index = mnist("test"), indices(challenge.IMAGES)[:20]
    other = test.images[index].flip(0)  # other digits: answered as such, but far outside
    found = challenge.score(written(tmp_path, other, index))
    assert found.left.count == found.clean.count
    assert len(found.refused) == 20


def test_the_originals_are_not_taken_from_the_file(tmp_path):
    import safetensors.torch

    test, index = mnist("test"), indices(challenge.IMAGES)[:5]
    other = test.images[index].flip(0)
    path = tmp_path / "mine.safetensors"
    claimed = {"adversarial": other, "images": other, "labels": torch.zeros(5, dtype=torch.long), "index": index}
    safetensors.torch.save_file({name: tensor.clone() for name, tensor in claimed.items()}, path)
    found = challenge.score(path)
    assert found.left.count == found.clean.count


@pytest.mark.parametrize(
    ("choose", "words"),
    [
        (lambda index: torch.arange(10_000)[~torch.isin(torch.arange(10_000), index)][:3], "not among"),
        (lambda index: index[[0, 1, 1]], "more than once"),
    ],
)
def test_wrong_places_are_refused(choose, words, tmp_path):
    index = choose(indices(challenge.IMAGES))
    with pytest.raises(UsageError, match=words):
        challenge.score(written(tmp_path, mnist("test").images[index], index))


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(UsageError):
        challenge.score(tmp_path / "nothing.safetensors")


def test_the_command_line_judges(tmp_path, attacked, capsys):
    from advlab.cli import main

    index, changed = attacked
    assert main(["challenge", str(written(tmp_path, changed, index))]) == 0
    assert "left at epsilon 0.3" in capsys.readouterr().out
    assert main(["challenge", str(tmp_path / "nothing.npz")]) == 64
    assert "advlab challenge:" in capsys.readouterr().err
