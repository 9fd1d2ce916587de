"""The attack made for randomised smoothing: gradients of the smoothed classifier itself, averaged over noise.

Salman et al., 2019 (arXiv 1906.04584). Any attack by gradients runs on the wrapper, in L2; whether it broke
the defense is for `advlab.defenses.smoothing.predict` to say, on the image that came back.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn


class Smoothed(nn.Module):
    """Logarithms of a network's mean probabilities under Gaussian noise: a smoothed classifier that has a gradient.

    An attack on one network with the noise left out, or with the gradient of a single draw, climbs another hill.

    Args:
        model: takes pixels, returns logits.
        sigma: standard deviation of the noise, in pixel units.
        samples: draws for each image and call; the cost grows by this factor.
        generator: draws the noise, anew at each call; one of the CPU.
    """

    def __init__(self, model: nn.Module, sigma: float, samples: int, generator: torch.Generator) -> None:
        super().__init__()
        if not 0 < sigma < math.inf:
            raise ValueError(f"sigma must be a finite size of the noise in pixel units, above 0; got {sigma!r}")
        if samples < 1:
            raise ValueError(f"samples must be at least 1, got {samples}")
        self.model = model
        self.sigma, self.samples, self.generator = sigma, samples, generator

    def forward(self, images: Float[Tensor, "batch *shape"]) -> Float[Tensor, "batch classes"]:
        """The logarithm of the mean probability of each class: logits, whose softmax is that mean."""
        noisy = images.repeat_interleave(self.samples, 0)
        noise = torch.randn(noisy.shape, generator=self.generator, dtype=images.dtype).to(images.device)
        logs = self.model(noisy + self.sigma * noise).log_softmax(1).unflatten(0, (len(images), self.samples))
        return logs.logsumexp(1) - math.log(self.samples)
