"""What an attack needs against a defense that hides its gradient or tosses coins: two wrappers of a model.

An attack runs on the wrapper and its result is judged on the defense itself. Both take pixels and return logits.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn


class StraightThrough(nn.Module):
    """Forward through a preprocessing step, backward as if it were not there: BPDA with the identity.

    Athalye, Carlini, Wagner 2018 (arXiv 1802.00420), section 4.1: for a step g with g(x) close to x, whose own gradient
    is zero or missing.

    Args:
        preprocess: images to images of the same shape, in [0, 1].
        model: classifies what comes out.
    """

    def __init__(self, preprocess: Callable[[Tensor], Tensor], model: nn.Module) -> None:
        super().__init__()
        self.preprocess = preprocess
        self.model = model

    def forward(self, images: Float[Tensor, "batch *shape"]) -> Float[Tensor, "batch classes"]:
        """Logits of the preprocessed images."""
        with torch.no_grad():
            difference = self.preprocess(images) - images
        logits: Tensor = self.model(images + difference)
        return logits


class Averaged(nn.Module):
    """The mean logits of several runs of a model that answers by chance: expectation over transformation (EOT).

    Athalye et al. 2018 (arXiv 1707.07397), section 2.1; for random defenses 1802.00420, section 4.2.

    Args:
        model: draws anew at each call, for each image or for the whole batch.
        samples: how many calls are averaged; the cost of one step grows by this factor.
    """

    def __init__(self, model: nn.Module, samples: int) -> None:
        super().__init__()
        if samples < 1:
            raise ValueError(f"samples must be at least 1, got {samples}")
        self.model = model
        self.samples = samples

    def forward(self, images: Float[Tensor, "batch *shape"]) -> Float[Tensor, "batch classes"]:
        """Logits, averaged over the draws."""
        return torch.stack([self.model(images) for _ in range(self.samples)]).mean(0)
