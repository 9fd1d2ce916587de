"""Total-variation minimisation before the model: Guo et al., 2018 (arXiv 1711.00117), section 4.

Guo et al. keep a random half of the pixels and look for the image of least total variation that agrees with them. The
model is that of Rudin, Osher, Fatemi (1992), the method that of Chambolle and Pock, 2011 (J. Math. Imaging Vis. 40),
algorithm 1: for the whole batch at once, in steps that autograd differentiates. The attack therefore needs no BPDA.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from advlab.defenses.preprocessing import Transformation

#: Step size of both variables. Their product times 8, the squared norm of the discrete gradient, must not exceed 1.
STEP = 8**-0.5


class TotalVariation(Transformation):
    """Minimises |u - x|^2 / 2 over the kept pixels, plus weight times the total variation of u.

    The total variation is isotropic: the sum over pixels of the length of the gradient by forward differences, each
    channel by itself.

    Args:
        weight: of the total variation, in pixel units, above 0. A lone pixel that is brighter by less than about three
            times the weight disappears.
        steps: of the iteration, at least 1.
        kept: the fraction of pixels, in (0, 1], with which the result must agree, drawn anew at each call.
        generator: draws the pixels, on the CPU; required where kept is below 1.

    Raises:
        ValueError: weight is not above 0, steps are below 1, kept is outside (0, 1], or kept is below 1 without a
            generator.

    Source: Guo et al. 2018 (arXiv 1711.00117), section 4.
    """

    differentiable = True

    def __init__(
        self, weight: float, *, steps: int = 50, kept: float = 1.0, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        if not weight > 0 or steps < 1 or not 0 < kept <= 1:
            raise ValueError(
                f"needs weight > 0, steps >= 1 and 0 < kept <= 1; got weight {weight}, steps {steps}, kept {kept}"
            )
        if kept < 1 and generator is None:
            raise ValueError(f"keeping a random {kept:g} of the pixels needs a generator that draws them, got None")
        self.weight = weight
        self.steps = steps
        self.kept = kept
        self.generator = generator
        self.random = kept < 1

    def forward(
        self, images: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch channels height width"]:
        """The smoothed images, in [0, 1]."""
        mask = torch.ones_like(images)
        if self.random:
            mask = (torch.rand(images.shape, generator=self.generator) < self.kept).to(images)
        smooth = minimised(images, mask, self.weight, self.steps)
        # The exact minimum lies in the range of the pixels; a finite number of steps only comes near it. The excess is
        # clipped without changing the gradient: a clamp would leave half of a black background without one.
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
    """Result of `steps` steps towards the minimum of |mask (u - images)|^2 / 2 + weight TV(u).

    The iteration starts at the images where mask is 1, and at 0 elsewhere.

    Args:
        images: [batch, channels, height, width], in [0, 1].
        mask: the same shape; 1 where a pixel is kept, 0 elsewhere.
        weight: of the total variation, in pixel units, above 0.
        steps: of the iteration, at least 0.

    Returns:
        Images of the same shape; they may leave [0, 1] a little.

    Source: Chambolle, Pock 2011 (J. Math. Imaging Vis. 40), algorithm 1.
    """
    u = ahead = mask * images
    across, down = torch.zeros_like(images), torch.zeros_like(images)
    for _ in range(steps):
        across = across + STEP * F.pad(ahead.diff(dim=3), (0, 1))
        down = down + STEP * F.pad(ahead.diff(dim=2), (0, 0, 0, 1))
        # Project on the discs of radius `weight`, one for each pixel.
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
