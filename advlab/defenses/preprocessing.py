"""A defense that changes the image before the model sees it, and the model that its attacker differentiates instead.

Guo et al., 2018 (arXiv 1711.00117), Xu et al., 2018 (1704.01155) and Xie et al., 2018 (1711.01991) defend so; the
transformations have files of their own. Athalye, Carlini and Wagner, 2018 (1802.00420), section 4, get through.
"""

from abc import ABC, abstractmethod

from jaxtyping import Float
from torch import Tensor, nn

from advlab.attacks.adaptive import Averaged, StraightThrough
from advlab.models.rewriting import for_attacks

#: Draws of a random transformation that one step of the attack averages over.
SAMPLES = 20


class Transformation(nn.Module, ABC):
    """Images in [0, 1] to images of the same shape, in [0, 1].

    `differentiable` says whether autograd gives a derivative that an attacker can use; where it does not, the output
    must be close to the input, so that the identity's derivative may stand in for it. `random` says whether each call
    draws anew.
    """

    differentiable: bool = False
    random: bool = False

    @abstractmethod
    def forward(
        self, images: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch channels height width"]:
        """The images as the model will see them."""


class Preprocessed(nn.Module):
    """A model behind a transformation: the defense itself, by which every verdict is given.

    Args:
        transformation: of this package; `Preprocessed(first, Preprocessed(second, model))` stacks two.
        model: takes pixels in [0, 1], returns logits.
    """

    def __init__(self, transformation: Transformation, model: nn.Module) -> None:
        super().__init__()
        self.transformation = transformation
        self.model = model

    def forward(self, images: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch classes"]:
        """Logits of the transformed images."""
        logits: Tensor = self.model(self.transformation(images))
        return logits


def through(defended: nn.Module, samples: int = SAMPLES) -> nn.Module:
    """The model to attack in a preprocessed model's stead: BPDA for what has no gradient, EOT for what is random.

    Forward it computes what the defense computes. Backward a step without a useful derivative counts as the identity
    (backward pass differentiable approximation, Athalye et al. 2018, section 4.1); the logits of a random defense are
    the mean of several draws (expectation over transformation, section 4.2). Only its gradient is meant to be used:
    whether an image is misclassified, the defense says. Do not stop at the first success against a random one: what the
    mean takes for another class by a hair, the next draw may get right.

    In L-infinity a step follows the gradient's signs. For a transformation of each pixel by itself, such as rounding,
    every increasing function in place of the identity then gives the same steps.

    Args:
        defended: `Preprocessed`, also several times over; of any other model nothing is known: it comes back as it is.
        samples: draws averaged at each call, where a transformation is random; the cost of a call grows by it.

    Raises:
        ValueError: samples below 1.
    """
    if samples < 1:
        raise ValueError(f"samples must be at least 1, got {samples}")
    opened, random = _opened(defended)
    return Averaged(opened, samples) if random else opened


def _opened(model: nn.Module) -> tuple[nn.Module, bool]:
    """The model with a derivative all the way, and whether any step of it is random."""
    if not isinstance(model, Preprocessed):
        return for_attacks(model), False
    inner, random = _opened(model.model)
    step = model.transformation
    opened = Preprocessed(step, inner) if step.differentiable else StraightThrough(step, inner)
    return opened, random or step.random
