"""Two wrappers of a model for attacks on defenses that hide their gradient or answer at random.

An attack runs on the wrapper; its result is judged on the defense itself. Both wrappers take pixels and return logits.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn


class StraightThrough(nn.Module):
    """Model whose preprocessing step runs forward and counts as the identity backward: BPDA with the identity.

    For a step g with g(x) close to x whose own gradient is zero or missing.

    Args:
        preprocess: takes images `[batch, *shape]` in [0, 1], returns images of the same shape, in [0, 1].
        model: takes the preprocessed images, returns logits `[batch, classes]`.

    Source: Athalye, Carlini, Wagner 2018 (arXiv 1802.00420), section 4.1.
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
    """Mean logits of several runs of a randomised model: expectation over transformation (EOT).

    Args:
        model: takes pixels in [0, 1], returns logits; draws anew at each call, for each image or for the whole batch.
        samples: calls that are averaged, at least 1; the cost of one step grows by this factor.

    Raises:
        ValueError: `samples` is below 1.

    Source: Athalye et al. 2018 (arXiv 1707.07397), section 2.1; for randomised defenses arXiv 1802.00420, section 4.2.
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
