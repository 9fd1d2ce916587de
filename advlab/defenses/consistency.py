"""Detection by feature squeezing: Xu, Evans, Qi, 2018 (arXiv 1704.01155), section V."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from advlab.attacks.losses import cross_entropy
from advlab.defenses.detection import Detector
from advlab.defenses.preprocessing import Preprocessed, Transformation, through


class Consistency(Detector):
    """Detector that compares the model's output for an image with its outputs for squeezed forms of the image.

    The score, in [0, 2], is the largest L1 distance between the probabilities (softmax) for the image and those for a
    squeezed form of it. Where a squeezer has no derivative, the score has none through it: see `through`.

    Args:
        model: the guarded model; takes pixels in [0, 1], returns logits.
        squeezers: at least one, none of them random. For MNIST Xu et al. use `BitDepth(1)` and `MedianFilter(2)`.

    Raises:
        ValueError: there is no squeezer, or one is random, so that the score would be random too.

    Source: Xu, Evans, Qi 2018 (arXiv 1704.01155), section V.
    """

    def __init__(self, model: nn.Module, squeezers: Sequence[Transformation]) -> None:
        super().__init__(model)
        if not squeezers or any(squeezer.random for squeezer in squeezers):
            raise ValueError(
                f"squeezers must be at least one Transformation, none of them random; got {squeezers}: "
                "a random squeezer would make the score random"
            )
        self.squeezers = list(squeezers)
        self.squeezed = nn.ModuleList(Preprocessed(squeezer, model) for squeezer in squeezers)

    def forward(
        self, images: Float[Tensor, "batch channels height width"]
    ) -> tuple[Float[Tensor, "batch classes"], Float[Tensor, " batch"]]:
        """Logits [batch, classes] for the images as they are, and scores [batch]."""
        logits = self.model(images)
        return logits, _largest_distance(logits, [squeezed(images) for squeezed in self.squeezed])

    def through(self) -> "Consistency":
        """Copy with the same scores and a gradient that does not saturate; see `_Unsaturated`."""
        return _Unsaturated(self.model, self.squeezers)


class _Unsaturated(Consistency):
    """The form of `Consistency` that an attacker differentiates.

    Where two outputs disagree and both are sure, the distance between them has no gradient. In the backward pass the
    score therefore counts as the sum of the cross-entropies of all outputs with the class that the model gives to the
    image as it is: this falls as the squeezed forms move towards the same class. It is in units of logits, so a
    `Guarded` one needs a spread of 1. Squeezers without a derivative count as the identity in the backward pass (BPDA).
    """

    def __init__(self, model: nn.Module, squeezers: Sequence[Transformation]) -> None:
        super().__init__(model, squeezers)
        self.squeezed = nn.ModuleList(through(squeezed) for squeezed in self.squeezed)
        self.model = through(model)

    def forward(
        self, images: Float[Tensor, "batch channels height width"]
    ) -> tuple[Float[Tensor, "batch classes"], Float[Tensor, " batch"]]:
        """Logits [batch, classes], and scores [batch] with the gradient of the sum of cross-entropies."""
        logits = self.model(images)
        others = [squeezed(images) for squeezed in self.squeezed]
        answer = logits.argmax(1)
        disagreement = torch.stack([cross_entropy(of, answer) for of in (logits, *others)]).sum(0)
        scores = _largest_distance(logits, others).detach()
        return logits, scores + disagreement - disagreement.detach()


def _largest_distance(logits: Tensor, others: Sequence[Tensor]) -> Tensor:
    answer = logits.softmax(1)
    return torch.stack([(other.softmax(1) - answer).abs().sum(1) for other in others]).amax(0)
