"""A detector that is a second network: Gong, Wang, Ku, 2017 (arXiv 1704.04960).

It learns to distinguish images from the same images after an attack, and can know only the attacks it was trained on.
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
    """Detector whose score is the difference of a second network's two logits, "adversarial" minus "clean".

    Args:
        model: the guarded model; takes pixels in [0, 1], returns logits.
        network: takes the same images, returns two logits, "clean" and "adversarial"; `trained_detector` makes one.

    Source: Gong, Wang, Ku 2017 (arXiv 1704.04960).
    """

    def __init__(self, model: nn.Module, network: nn.Module) -> None:
        super().__init__(model)
        self.network = network

    def forward(
        self, images: Float[Tensor, "batch *shape"]
    ) -> tuple[Float[Tensor, "batch classes"], Float[Tensor, " batch"]]:
        """Logits [batch, classes] and scores [batch]."""
        clean, adversarial = self.network(images).unbind(1)
        return self.model(images), adversarial - clean

    def through(self) -> "DetectorNetwork":
        """Copy whose networks are rewritten to run faster under attack."""
        return DetectorNetwork(for_attacks(self.model), for_attacks(self.network))


def binary_cnn() -> SimpleCNN:
    """Untrained `SimpleCNN` with two logits."""
    network = SimpleCNN()
    network.fc2 = nn.Linear(network.fc2.in_features, 2)
    return network


#: Default recipe of the second network.
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
    """Detector trained to distinguish these images from what one run of the attack on the model makes of them.

    Args:
        model: the model to guard; it does not change.
        images: [n, *shape], clean training images in [0, 1].
        labels: [n], their true classes.
        attack: `(model, images, labels) -> images`, for example `partial(fgsm, epsilon=0.3)`.
        recipe: how the second network is trained; its architecture returns two logits. `advlab.defenses.fitting.fit`
            says which fields are used.
        seed: decides its initial weights, the order of images and dropout.

    Raises:
        ValueError: the numbers of images and labels differ, or there is no image; the attack refuses its input; the
            recipe cannot be used (see `advlab.defenses.fitting.fit`).

    Source: Gong, Wang, Ku 2017 (arXiv 1704.04960).
    """
    pairs = zip(images.split(BATCH), labels.split(BATCH), strict=True)
    attacked = torch.cat([attack(model, batch, truth) for batch, truth in pairs])
    kinds = torch.cat([torch.zeros_like(labels), torch.ones_like(labels)])
    return DetectorNetwork(model, fit(recipe, torch.cat([images, attacked]), kinds.long(), seed))
