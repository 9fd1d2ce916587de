import hashlib
import shutil
import subprocess
import sys
import urllib.error
import urllib.request

import pytest
import torch

from advlab.data import CLASSES, MEAN, STD, DataError, fashion_mnist, indices, mnist, subset
from advlab.data import bundled as bundled_data


@pytest.fixture
def own_folder(tmp_path, monkeypatch):
    """A store of this test's own, a copy of the bundled files that it may damage, and empty caches."""
    bundled = tmp_path / "bundled"
    shutil.copytree(bundled_data.BUNDLED, bundled)
    monkeypatch.setattr(bundled_data, "BUNDLED", bundled)
    monkeypatch.setenv("ADVLAB_STORE", str(tmp_path / "store"))
    bundled_data._mnist_bytes.cache_clear()
    yield tmp_path
    bundled_data._mnist_bytes.cache_clear()


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise urllib.error.URLError("no network in this test")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)


def test_sizes_range_and_statistics():
    train, test = mnist("train"), mnist("test")
    assert (len(train), len(test)) == (60_000, 10_000)
    assert train.images.shape == (60_000, 1, 28, 28)
    assert train.images.dtype == torch.float32
    assert train.labels.dtype == torch.int64
    assert (float(train.images.min()), float(train.images.max())) == (0, 1)
    assert float(train.images.mean()) == pytest.approx(MEAN, abs=5e-5)
    assert float(train.images.std()) == pytest.approx(STD, abs=5e-5)


def test_equals_torchvisions_to_tensor(own_folder):
    from advlab.data.torchvision_cpu import datasets, transforms

    ours = mnist("test")
    theirs = datasets.MNIST(bundled_data.folder("mnist"), train=False, transform=transforms.ToTensor())
    for index in (0, 1, 9_999):
        image, label = theirs[index]
        assert torch.equal(ours.images[index], image)
        assert int(ours.labels[index]) == label


def test_what_a_caller_does_to_the_tensors_stays_with_the_caller():
    first = mnist("test")
    first.images.zero_()
    first.labels.zero_()
    again = mnist("test")
    assert float(again.images.max()) == 1
    assert again.labels[:4].tolist() == [7, 2, 1, 0]


@pytest.mark.parametrize("split", ["valid", "Train", ""])
def test_an_unknown_split_is_refused(split):
    for ask in (mnist, fashion_mnist, lambda name: subset(5, name)):
        with pytest.raises(Exception, match=r"train.*test"):
            ask(split)


@pytest.mark.parametrize("name", bundled_data.CHECKSUMS)
def test_a_missing_file_is_named(own_folder, no_network, name):
    (bundled_data.BUNDLED / name).unlink()
    with pytest.raises(DataError, match=rf"{name} is missing.*Restore it"):
        mnist("test")


def test_an_altered_file_is_named_with_what_is_wrong(own_folder, no_network):
    name = "t10k-labels-idx1-ubyte.gz"
    content = bytearray((bundled_data.BUNDLED / name).read_bytes())
    content[100] ^= 1
    (bundled_data.BUNDLED / name).write_bytes(content)
    with pytest.raises(DataError, match=rf"{name} .* is not the original .*MD5 .*, not {bundled_data.CHECKSUMS[name]}"):
        mnist("test")


def test_a_git_lfs_pointer_is_named_too(own_folder, no_network):
    (bundled_data.BUNDLED / "train-images-idx3-ubyte.gz").write_text("version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(DataError, match=r"train-images.*bytes.*git-lfs"):
        mnist("train")


def test_the_bundled_folder_is_left_as_it_was(own_folder, no_network):
    before = sorted(path.name for path in bundled_data.BUNDLED.iterdir())
    mnist("test")
    assert sorted(path.name for path in bundled_data.BUNDLED.iterdir()) == before


@pytest.mark.parametrize("file", ["t10k-images-idx3-ubyte.gz", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"])
def test_a_damaged_copy_in_the_store_is_made_again(own_folder, no_network, file):
    """Killed while it unpacked, or a bad disk: the originals are at hand."""
    expected = mnist("test")
    copy = bundled_data.folder("mnist") / "MNIST" / "raw" / file
    content = bytearray(copy.read_bytes())
    content[-9] ^= 255
    copy.write_bytes(content[: -1 if file.endswith(".gz") else None])
    bundled_data._mnist_bytes.cache_clear()
    again = mnist("test")
    assert torch.equal(again.images, expected.images)
    assert torch.equal(again.labels, expected.labels)


def test_two_processes_may_unpack_at_once(tmp_path):
    program = "from advlab.data import mnist; print(float(mnist('test').images.double().sum()))"
    environment = {"ADVLAB_STORE": str(tmp_path), "PATH": "", "OMP_NUM_THREADS": "1"}
    both = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", program], env=environment, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    sums = {process.communicate(timeout=120)[0] for process in both}
    assert [process.returncode for process in both] == [0, 0]
    assert sums == {f"{float(mnist('test').images.double().sum())}\n"}


def test_fashion_mnist_says_that_it_cannot_be_had(own_folder, no_network):
    with pytest.raises(DataError, match=r"not bundled and could not be downloaded.*FashionMNIST"):
        fashion_mnist("test")


def test_a_subset_is_the_same_everywhere():
    chosen = indices(1000)
    digest = hashlib.sha256(chosen.numpy().tobytes()).hexdigest()
    assert digest.startswith(RECORDED_SUBSET)
    taken = subset(1000)
    whole = mnist("test")
    assert torch.equal(taken.images, whole.images[chosen])
    assert torch.equal(taken.labels, whole.labels[chosen])


RECORDED_SUBSET = "038fb869eefac6f5"


@pytest.mark.parametrize(("n", "split"), [(1, "test"), (10, "test"), (257, "test"), (6000, "train"), (9999, "test")])
def test_a_subset_is_stratified_and_without_repeats(n, split):
    chosen = indices(n, split)
    labels = mnist(split).labels
    shares = torch.bincount(labels, minlength=CLASSES) / len(labels)
    counts = torch.bincount(labels[chosen], minlength=CLASSES)
    assert len(chosen) == len(chosen.unique()) == n
    assert ((counts - n * shares).abs() < 1).all()


def test_a_subset_of_all_is_everything_in_order():
    assert torch.equal(indices(10_000), torch.arange(10_000))


@pytest.mark.parametrize("n", [0, -1, 10_001])
def test_a_subset_larger_than_the_split_is_refused(n):
    with pytest.raises(ValueError, match=r"n must lie in 1\.\.10000 for the test split"):
        subset(n)
