"""A detector by feature squeezing: Xu, Evans, Qi, 2018 (arXiv 1704.01155), section V."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from advlab.defenses.detection import Detector
from advlab.defenses.preprocessing import Preprocessed, Transformation, through


class Consistency(Detector):
    """How far the model's answer to an image is from its answers to squeezed forms of it.

    The score, in [0, 2], is the largest L1 distance between the probabilities (softmax) for the image and those for a
    squeezed form of it. Where a squeezer has no derivative, the score has none through it: see `through`.

    Args:
        model: the one that is guarded.
        squeezers: for MNIST Xu et al. take `BitDepth(1)` and `MedianFilter(2)` together.

    Raises:
        ValueError: there is no squeezer, or it is random: the score would be, too.
    """

    def __init__(self, model: nn.Module, squeezers: Sequence[Transformation]) -> None:
        super().__init__(model)
        if not squeezers or any(squeezer.random for squeezer in squeezers):
            raise ValueError("needs one squeezer at least, and none that draws anew at each call")
        self.squeezers = list(squeezers)
        self.squeezed = nn.ModuleList(Preprocessed(squeezer, model) for squeezer in squeezers)

    def forward(
        self, images: Float[Tensor, "batch channels height width"]
    ) -> tuple[Float[Tensor, "batch classes"], Float[Tensor, " batch"]]:
        """Logits for the images as they are, and the largest distance."""
        logits = self.model(images)
        answer = logits.softmax(1)
        distances = [(squeezed(images).softmax(1) - answer).abs().sum(1) for squeezed in self.squeezed]
        return logits, torch.stack(distances).amax(0)

    def through(self) -> "Consistency":
        """The same, where the squeezers that have no derivative count as the identity on the way back (BPDA)."""
        opened = Consistency(self.model, self.squeezers)
        opened.model = through(self.model)
        opened.squeezed = nn.ModuleList(through(squeezed) for squeezed in self.squeezed)
        return opened
