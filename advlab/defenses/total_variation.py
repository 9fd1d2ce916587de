"""Total-variation minimisation before the model: Guo et al., 2018 (arXiv 1711.00117), section 4.

Guo et al. keep a random half of the pixels and look for the image of least total variation that agrees with them. The
model is that of Rudin, Osher, Fatemi (1992); the method that of Chambolle and Pock, 2011 (J. Math. Imaging Vis. 40),
algorithm 1: for the whole batch at once, by steps that autograd differentiates. So the attack needs no BPDA here.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from advlab.defenses.preprocessing import Transformation

#: Step sizes of both variables: their product times 8, the square norm of the discrete gradient, must not exceed 1.
STEP = 8**-0.5


class TotalVariation(Transformation):
    """Minimises |u - x|^2 / 2 over the pixels kept, plus weight times the total variation of u.

    The total variation is the isotropic one: the sum over pixels of the length of the gradient by forward differences,
    each channel by itself.

    Args:
        weight: of the total variation, above 0, in pixel units. A lone pixel brighter by less than about three times
            the weight disappears.
        steps: of the iteration.
        kept: the share of the pixels, in (0, 1], that the result has to agree with, drawn anew at each call.
        generator: draws the pixels, on the CPU; needed where not all are kept.

    Raises:
        ValueError: weight is not above 0, steps are below 1, kept is outside (0, 1], or there is no generator to draw.
    """

    differentiable = True

    def __init__(
        self, weight: float, *, steps: int = 50, kept: float = 1.0, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        if not weight > 0 or steps < 1 or not 0 < kept <= 1:
            raise ValueError(f"needs weight > 0, steps >= 1, 0 < kept <= 1; got {weight}, {steps}, {kept}")
        if kept < 1 and generator is None:
            raise ValueError("a random share of the pixels needs a generator to draw it")
        self.weight = weight
        self.steps = steps
        self.kept = kept
        self.generator = generator
        self.random = kept < 1

    def forward(
        self, images: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch channels height width"]:
        """The smoothed images."""
        mask = torch.ones_like(images)
        if self.random:
            mask = (torch.rand(images.shape, generator=self.generator) < self.kept).to(images)
        smooth = minimised(images, mask, self.weight, self.steps)
        # The exact minimum lies in the range of the pixels, a finite number of steps comes near it. What sticks out is
        # cut off without a trace in the gradient: else half of a black background would have none.
        return smooth + (smooth.clamp(0, 1) - smooth).detach()

    def extra_repr(self) -> str:
        """What `print(model)` shows."""
        return f"weight={self.weight:g}, steps={self.steps}, kept={self.kept:g}"


def minimised(
    images: Float[Tensor, "batch channels height width"],
    mask: Float[Tensor, "batch channels height width"],
    weight: float,
    steps: int,
) -> Float[Tensor, "batch channels height width"]:
    """So many steps towards the minimum of |mask (u - images)|^2 / 2 + weight TV(u), from where mask is 1 known."""
    u = ahead = mask * images
    across, down = torch.zeros_like(images), torch.zeros_like(images)
    for _ in range(steps):
        across = across + STEP * F.pad(ahead.diff(dim=3), (0, 1))
        down = down + STEP * F.pad(ahead.diff(dim=2), (0, 0, 0, 1))
        # Back into the discs of radius `weight`, one for each pixel.
        excess = (torch.stack([across, down]).norm(dim=0) / weight).clamp_min(1)
        across, down = across / excess, down / excess
        divergence = _backward(across, 3) + _backward(down, 2)
        before, u = u, (u + STEP * (divergence + mask * images)) / (1 + STEP * mask)
        ahead = 2 * u - before
    return u


def _backward(flow: Tensor, dim: int) -> Tensor:
    """Backward differences, zero before the first and after the last but one: minus the transpose of `diff`."""
    inner = flow.narrow(dim, 0, flow.shape[dim] - 1)
    sides = (1, 0) if dim == 3 else (0, 0, 1, 0)
    ends = (0, 1) if dim == 3 else (0, 0, 0, 1)
    return F.pad(inner, ends) - F.pad(inner, sides)
