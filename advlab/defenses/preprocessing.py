"""Defenses that change the image before the model sees it, and the model that an attacker differentiates instead.

Guo et al., 2018 (arXiv 1711.00117), Xu et al., 2018 (arXiv 1704.01155) and Xie et al., 2018 (arXiv 1711.01991) defend
in this way; each transformation has a file of its own. Athalye, Carlini and Wagner, 2018 (arXiv 1802.00420), section 4,
break them.
"""

from abc import ABC, abstractmethod

from jaxtyping import Float
from torch import Tensor, nn

from advlab.attacks.adaptive import Averaged, StraightThrough
from advlab.models.rewriting import for_attacks

#: Number of draws of a random transformation over which one step of the attack averages.
SAMPLES = 20


class Transformation(nn.Module, ABC):
    """Map of images in [0, 1] to images of the same shape in [0, 1].

    `differentiable` says whether autograd gives a derivative that an attacker can use. Where it does not, the output
    must be close to the input, so that the derivative of the identity can replace it. `random` says whether each call
    draws anew.
    """

    differentiable: bool = False
    random: bool = False

    @abstractmethod
    def forward(
        self, images: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch channels height width"]:
        """Images as the model will see them."""


class Preprocessed(nn.Module):
    """A model behind a transformation: the defense itself, which gives every verdict.

    Args:
        transformation: what images pass first; `Preprocessed(first, Preprocessed(second, model))` stacks two.
        model: takes pixels in [0, 1], returns logits.

    Source: Guo et al. 2018 (arXiv 1711.00117), among others.
    """

    def __init__(self, transformation: Transformation, model: nn.Module) -> None:
        super().__init__()
        self.transformation = transformation
        self.model = model

    def forward(self, images: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch classes"]:
        """Logits of the transformed images, [batch, classes]."""
        logits: Tensor = self.model(self.transformation(images))
        return logits


def through(defended: nn.Module, samples: int = SAMPLES) -> nn.Module:
    """Model to attack in the place of a preprocessed one: BPDA for steps without a gradient, EOT for random ones.

    The forward pass computes what the defense computes. In the backward pass, a step without a useful derivative counts
    as the identity (backward pass differentiable approximation); the logits of a random defense are the mean of several
    draws (expectation over transformation). Only the gradient is meant to be used: the defense itself decides whether
    an image is misclassified. Do not stop at the first success against a random defense: an image that the mean only
    just misclassifies may be classified correctly at the next draw.

    In L-infinity a step follows the signs of the gradient. For a transformation of each pixel by itself, such as
    rounding, any increasing function in the place of the identity then gives the same steps.

    Args:
        defended: `Preprocessed`, possibly nested. Of another model nothing is known: it comes back unchanged, or as the
            same function in a faster form.
        samples: draws averaged at each call where a transformation is random, at least 1; a call costs that many times
            as much.

    Raises:
        ValueError: samples are below 1.

    Source: Athalye, Carlini, Wagner 2018 (arXiv 1802.00420), sections 4.1 (BPDA) and 4.2 (EOT).
    """
    if samples < 1:
        raise ValueError(f"samples must be at least 1, got {samples}")
    opened, random = _opened(defended)
    return Averaged(opened, samples) if random else opened


def _opened(model: nn.Module) -> tuple[nn.Module, bool]:
    """The model with a useful derivative at every step, and whether any step is random."""
    if not isinstance(model, Preprocessed):
        return for_attacks(model), False
    inner, random = _opened(model.model)
    step = model.transformation
    opened = Preprocessed(step, inner) if step.differentiable else StraightThrough(step, inner)
    return opened, random or step.random
