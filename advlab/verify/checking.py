"""The checks: domain, ball, and the model's answer. The size of a change is computed in float64."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from torch import nn

from advlab.models.inference import predict
from advlab.verify.examples import Examples, Norm

#: Rounding of float32: a change may exceed epsilon, and a pixel its range, by this much.
ROUNDING = 1e-6


@dataclass(frozen=True)
class Verified:
    """Findings on each image.

    Args:
        index: the position of each original in its set.
        label: the true class.
        predicted: the class that the model answers.
        fooled: whether that class is not the label.
        size: of the change, in the norm, in pixel units; the largest float32 where it is not a number.
        inside_ball: whether the size is at most epsilon, with a tolerance of `ROUNDING`.
        inside_domain: whether every pixel is a number in [0, 1], with a tolerance of `ROUNDING`.
        right_before: whether the model classifies the original correctly, so that there was something to break.
        epsilon: radius of the ball, in pixel units.
        norm: of the ball, "Linf" or "L2".
        model: the name of the model of the book that the file claims to fool; "" for another.

    Source: advlab's own: a record of what was measured.
    """

    index: list[int]
    label: list[int]
    predicted: list[int]
    fooled: list[bool]
    size: list[float]
    inside_ball: list[bool]
    inside_domain: list[bool]
    right_before: list[bool]
    epsilon: float
    norm: Norm
    model: str

    @property
    def holds(self) -> list[bool]:
        """For each image, whether it is an adversarial example as claimed."""
        return [all(each) for each in zip(self.fooled, self.inside_ball, self.inside_domain, strict=True)]

    def to_json(self) -> dict[str, Any]:
        """All fields, and for each image whether it holds."""
        return {**asdict(self), "holds": self.holds, "all_hold": all(self.holds)}


def verify(model: nn.Module, examples: Examples) -> Verified:
    """Check that each image lies in [0, 1] and in the ball, and that the model misclassifies it.

    An image with pixels that are not numbers counts as outside of both.

    Args:
        model: takes pixels in [0, 1], returns logits; it is run in evaluation mode.
        examples: at least one image, on the CPU.

    Raises:
        ValueError: there is no image.

    Source: advlab's own: the definition of an adversarial example, checked without the attack's code.
    """
    change = (examples.adversarial.double() - examples.images.double()).flatten(1)
    size = change.abs().amax(1) if examples.norm == "Linf" else change.square().sum(1).sqrt()
    flat = examples.adversarial.flatten(1)
    number = flat.isfinite().all(1)
    domain = number & (flat.amin(1) >= -ROUNDING) & (flat.amax(1) <= 1 + ROUNDING)
    predicted = predict(model, examples.adversarial.nan_to_num(0))
    return Verified(
        index=examples.index.tolist(),
        label=examples.labels.tolist(),
        predicted=predicted.tolist(),
        fooled=(predicted != examples.labels).tolist(),
        size=size.nan_to_num(float(np.finfo(np.float32).max)).tolist(),
        inside_ball=(number & (size <= examples.epsilon + ROUNDING)).tolist(),
        inside_domain=domain.tolist(),
        right_before=(predict(model, examples.images) == examples.labels).tolist(),
        epsilon=examples.epsilon,
        norm=examples.norm,
        model=examples.model,
    )
