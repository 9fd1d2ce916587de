"""The checks: domain, ball, and what the model says. The size of a change is computed in float64."""

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
    """What was found of each image.

    Args:
        fooled: the model answers another class than the label.
        size: of the change, in the norm, in pixel units.
        inside_ball: that size is at most epsilon.
        inside_domain: every pixel lies in [0, 1], and is a number.
        right_before: the model answers the original right, so that there was something to break.
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
        """Of each image, whether it is an adversarial example as claimed."""
        return [all(each) for each in zip(self.fooled, self.inside_ball, self.inside_domain, strict=True)]

    def to_json(self) -> dict[str, Any]:
        """All fields, and for each image whether it holds."""
        return {**asdict(self), "holds": self.holds, "all_hold": all(self.holds)}


def verify(model: nn.Module, examples: Examples) -> Verified:
    """Checks each image: in [0, 1], in the ball, and answered wrong by `model`, which takes pixels.

    The size of a change is computed in float64. Where pixels are no numbers, the image counts as outside of everything.
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
