"""Several models that answer as one: by the mean of their logits, or by a vote.

Strauss et al., 2017 (arXiv 1709.03423) defend in this way; He et al., 2017 (arXiv 1706.04701) attack ensembles of
defenses.
"""

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from advlab.defenses.preprocessing import SAMPLES, through


class Ensemble(nn.Module):
    """Mean of the logits of several models: one model, whose gradient is the mean of its members' gradients.

    Args:
        members: at least one; each takes pixels in [0, 1] and returns logits of the same classes.

    Raises:
        ValueError: there is no member.
    """

    def __init__(self, members: Iterable[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        if len(self.members) == 0:
            raise ValueError("members must hold at least one model, got none")

    def each(self, images: Float[Tensor, "batch *shape"]) -> Float[Tensor, "members batch classes"]:
        """Logits of every member, [members, batch, classes]."""
        return torch.stack([member(images) for member in self.members])

    def forward(self, images: Float[Tensor, "batch *shape"]) -> Float[Tensor, "batch classes"]:
        """Mean logits, [batch, classes]."""
        return self.each(images).mean(0)

    def through(self, samples: int = SAMPLES) -> "Ensemble":
        """Ensemble for an attacker to differentiate: each member is opened by `preprocessing.through`.

        Args:
            samples: draws averaged at each call of a random member, at least 1.

        Raises:
            ValueError: samples are below 1.
        """
        return Ensemble(through(member, samples) for member in self.members)


class Vote(Ensemble):
    """Class that most members answer; among classes with equal votes, the one of the highest mean probability.

    The output for each class is its number of votes plus half its mean probability: enough to decide a tie, too little
    to outweigh a vote. Counting votes has no gradient: attack the model that `through` returns, the mean of the logits.
    """

    def forward(self, images: Float[Tensor, "batch *shape"]) -> Float[Tensor, "batch classes"]:
        """Votes plus the tie-break, [batch, classes]."""
        logits = self.each(images)
        votes = F.one_hot(logits.argmax(2), logits.shape[2]).sum(0)
        return votes + logits.softmax(2).mean(0) / 2
