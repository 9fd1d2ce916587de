"""Break this page: one robust network with fixed weights, and the definition of breaking it.

After the public challenge of Madry et al. 2018 (arXiv 1706.06083). The weights are part of the package, so everybody
attacks the same network, whatever their machine would have trained. Threat model: white box, L-infinity 0.3, pixel
units.
"""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import safetensors.torch
import torch
from torch import nn

from advlab import data
from advlab.engine.cache.source import PACKAGE
from advlab.evaluation import Proportion, predict
from advlab.models import deeper_cnn
from advlab.verify import Examples, load, verify
from advlab.verify.loading import ModelError, UsageError

#: Radius of the ball, and the number of test images (`advlab.data.subset`) that may be attacked.
EPSILON, IMAGES = 0.3, 1000
WEIGHTS = PACKAGE / "recorded" / "challenge.safetensors"
#: Checksum of that file.
SHA256 = "101e531cdd11361654509afe514dbba430ed17d29b985150ec9242446a612deb"


@dataclass(frozen=True)
class Score:
    """Result of a submission: accuracies of the network before and after it, and the images that do not count.

    Args:
        clean: proportion of the test images classified correctly.
        left: proportion still classified correctly, without the images that the submission breaks.
        refused: indices of the submitted images that do not count: outside the ball or [0, 1], or classified correctly.
    """

    clean: Proportion
    left: Proportion
    refused: list[int]


def model() -> nn.Module:
    """The network, in evaluation mode: `advlab.models.deeper_cnn`, trained by "adversarial" of `advlab.zoo.LONG`.

    Raises:
        ModelError: the file of its weights is not the published one.
        FileNotFoundError: the file of its weights is missing.

    Source: advlab's own: a network of the long recipes.
    """
    content = WEIGHTS.read_bytes()
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise ModelError(f"{WEIGHTS} is not the published file of the challenge: its SHA-256 differs")
    network = deeper_cnn()
    network.load_state_dict(safetensors.torch.load(content))
    return network.eval()


def score(path: Path) -> Score:
    """Judges a file of adversarial images, which holds "adversarial" and "index", their places in MNIST's test set.

    The originals are taken from the data, not from the file. An image counts as broken if its adversarial form lies in
    the ball and in [0, 1] and is misclassified. An image that the network misclassifies by itself counts in neither
    `clean` nor `left`.

    Args:
        path: a .safetensors or .npz file, as `save` writes it.

    Raises:
        UsageError: there is no such file or no index; images are not among the thousand, appear more than once, or have
            another shape than MNIST's.
        ModelError: the file of the network's weights is not the published one.
        DataError: a file of MNIST is missing or altered.

    Source: Madry et al. 2017, the MNIST Adversarial Examples Challenge.
    """
    claimed, places = load(path, epsilon=EPSILON, norm="Linf"), data.indices(IMAGES)
    if not torch.isin(claimed.index, places).all():
        outside = claimed.index[~torch.isin(claimed.index, places)].tolist()
        raise UsageError(f"{path}: images {outside[:5]} are not among the {IMAGES} of advlab.data.indices({IMAGES})")
    if len(claimed.index.unique()) != len(claimed.index):
        raise UsageError(f"{path}: its index holds some images more than once")
    test = data.mnist("test")
    examples = replace(claimed, images=test.images[claimed.index], labels=test.labels[claimed.index])
    if examples.images.shape != examples.adversarial.shape:
        raise UsageError(f"{path}: adversarial images must have MNIST's shape, {list(examples.images.shape[1:])} each")
    network = model()
    holds = torch.tensor(verify(network, examples).holds)
    right = predict(network, test.images[places]) == test.labels[places]
    left = right & ~torch.isin(places, claimed.index[holds])
    return Score(
        Proportion(int(right.sum()), IMAGES), Proportion(int(left.sum()), IMAGES), claimed.index[~holds].tolist()
    )


def save(path: Path, adversarial: torch.Tensor, index: torch.Tensor) -> None:
    """Writes adversarial images to a file that `score` reads.

    Args:
        path: the .safetensors file to write.
        adversarial: `[n, 1, 28, 28]`, in [0, 1].
        index: `[n]`, the places of their originals in MNIST's test set.

    Raises:
        IndexError: an index goes beyond the test set.
        DataError: a file of MNIST is missing or altered.

    Source: Madry et al. 2017, the MNIST Adversarial Examples Challenge; the file format is advlab's own.
    """
    test = data.mnist("test")
    Examples(test.images[index], adversarial, test.labels[index], index, EPSILON, "Linf").save(path)
