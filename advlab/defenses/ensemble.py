"""Several models that answer as one: by the mean of their logits, or by a vote.

Strauss et al., 2017 (arXiv 1709.03423) defend so; He et al., 2017 (1706.04701) attack ensembles of defenses.
"""

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from advlab.defenses.preprocessing import SAMPLES, through


class Ensemble(nn.Module):
    """The mean of the logits of several models: a model like any other, with the gradient of one.

    Args:
        members: each takes pixels in [0, 1] and returns logits of the same classes.

    Raises:
        ValueError: there is no member.
    """

    def __init__(self, members: Iterable[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        if len(self.members) == 0:
            raise ValueError("an ensemble needs one member at least")

    def each(self, images: Float[Tensor, "batch *shape"]) -> Float[Tensor, "members batch classes"]:
        """The logits of every member."""
        return torch.stack([member(images) for member in self.members])

    def forward(self, images: Float[Tensor, "batch *shape"]) -> Float[Tensor, "batch classes"]:
        """Their mean."""
        return self.each(images).mean(0)

    def through(self, samples: int = SAMPLES) -> "Ensemble":
        """What an attacker differentiates: the mean of the logits, each member opened by `preprocessing.through`.

        Raises:
            ValueError: samples below 1.
        """
        return Ensemble(through(member, samples) for member in self.members)


class Vote(Ensemble):
    """The class that most members answer; of several with as many votes, the one of the highest mean probability.

    What it returns for each class is the number of votes plus half the mean probability: enough to decide a tie, too
    little to outweigh a vote. Counting votes has no gradient: attack what `through` gives, the mean of the logits.
    """

    def forward(self, images: Float[Tensor, "batch *shape"]) -> Float[Tensor, "batch classes"]:
        """Votes, and the tie-break."""
        logits = self.each(images)
        votes = F.one_hot(logits.argmax(2), logits.shape[2]).sum(0)
        return votes + logits.softmax(2).mean(0) / 2
