"""A detector by feature squeezing: Xu, Evans, Qi, 2018 (arXiv 1704.01155), section V."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from advlab.attacks.losses import cross_entropy
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
        return logits, _largest_distance(logits, [squeezed(images) for squeezed in self.squeezed])

    def through(self) -> "Consistency":
        """The same scores with the gradient of something that does not saturate; see `_Unsaturated`."""
        return _Unsaturated(self.model, self.squeezers)


class _Unsaturated(Consistency):
    """What an attacker differentiates: where two answers disagree and both are sure, the distance has no gradient.

    Backward the score counts as the sum of the cross-entropies of all answers with the class that the model gives to
    the image as it is: it falls as the squeezed forms come to be taken for the same class. It is in units of logits, so
    a `Guarded` one wants a spread of 1. Squeezers without a derivative count as the identity on the way back (BPDA).
    """

    def __init__(self, model: nn.Module, squeezers: Sequence[Transformation]) -> None:
        super().__init__(model, squeezers)
        self.squeezed = nn.ModuleList(through(squeezed) for squeezed in self.squeezed)
        self.model = through(model)

    def forward(
        self, images: Float[Tensor, "batch channels height width"]
    ) -> tuple[Float[Tensor, "batch classes"], Float[Tensor, " batch"]]:
        """Logits, and the largest distance with another gradient."""
        logits = self.model(images)
        others = [squeezed(images) for squeezed in self.squeezed]
        answer = logits.argmax(1)
        disagreement = torch.stack([cross_entropy(of, answer) for of in (logits, *others)]).sum(0)
        scores = _largest_distance(logits, others).detach()
        return logits, scores + disagreement - disagreement.detach()


def _largest_distance(logits: Tensor, others: Sequence[Tensor]) -> Tensor:
    answer = logits.softmax(1)
    return torch.stack([(other.softmax(1) - answer).abs().sum(1) for other in others]).amax(0)
