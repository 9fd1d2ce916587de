"""A detector that is a network of its own: Gong, Wang, Ku, 2017 (arXiv 1704.04960).

It learns to tell images as they are from the same images after an attack; it can know only attacks that it has met.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from advlab.defenses.detection import Detector
from advlab.defenses.fitting import fit
from advlab.evaluation import BATCH, Attack
from advlab.models import SimpleCNN
from advlab.models.rewriting import for_attacks
from advlab.training import Recipe


class DetectorNetwork(Detector):
    """The score is the lead of a second network's logit for "adversarial" over that for "clean".

    Args:
        model: the one that is guarded.
        network: images to two logits, "clean" and "adversarial"; `trained_detector` makes one.
    """

    def __init__(self, model: nn.Module, network: nn.Module) -> None:
        super().__init__(model)
        self.network = network

    def forward(
        self, images: Float[Tensor, "batch *shape"]
    ) -> tuple[Float[Tensor, "batch classes"], Float[Tensor, " batch"]]:
        """Logits, and the lead."""
        clean, adversarial = self.network(images).unbind(1)
        return self.model(images), adversarial - clean

    def through(self) -> "DetectorNetwork":
        """The same, rewritten to be faster under attack."""
        return DetectorNetwork(for_attacks(self.model), for_attacks(self.network))


def binary_cnn() -> SimpleCNN:
    """`SimpleCNN` with two logits."""
    network = SimpleCNN()
    network.fc2 = nn.Linear(network.fc2.in_features, 2)
    return network


#: How the second network is trained, unless told otherwise.
RECIPE = Recipe(architecture=binary_cnn)


def trained_detector(
    model: nn.Module,
    images: Float[Tensor, "n *shape"],
    labels: Int[Tensor, " n"],
    attack: Attack,
    *,
    recipe: Recipe = RECIPE,
    seed: int = 0,
) -> DetectorNetwork:
    """Attacks the model once on each image, and trains a network to tell the results from the images.

    Args:
        model: the one to be guarded; it does not change.
        images: clean training images, in [0, 1].
        labels: their classes.
        attack: `(model, images, labels) -> images`, for example `partial(fgsm, epsilon=0.3)`.
        recipe: of the second network, which gives two logits; see `advlab.defenses.fitting.fit` for what is used of it.
        seed: of its weights, the order of images and dropout.

    Raises:
        ValueError: see `advlab.defenses.fitting.fit`.
    """
    pairs = zip(images.split(BATCH), labels.split(BATCH), strict=True)
    attacked = torch.cat([attack(model, batch, truth) for batch, truth in pairs])
    kinds = torch.cat([torch.zeros_like(labels), torch.ones_like(labels)])
    return DetectorNetwork(model, fit(recipe, torch.cat([images, attacked]), kinds.long(), seed))
