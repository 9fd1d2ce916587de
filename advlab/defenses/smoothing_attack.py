"""The attack made for randomised smoothing: gradients of the smoothed classifier itself, averaged over noise.

Salman et al., 2019 (arXiv 1906.04584). Any gradient attack runs on the wrapper, in L2;
`advlab.defenses.smoothing.predict` decides, on the resulting image, whether the attack broke the defense.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn


class Smoothed(nn.Module):
    """Logarithm of a network's mean probabilities under Gaussian noise: a smoothed classifier that has a gradient.

    An attack that leaves the noise out, or takes the gradient of a single draw, maximises another function.

    Args:
        model: takes pixels, also outside [0, 1], and returns logits.
        sigma: standard deviation of the noise, in pixel units, finite and above 0.
        samples: draws per image and call, at least 1; a call costs that many times as much.
        generator: draws the noise, anew at each call, on the CPU.

    Raises:
        ValueError: sigma is not finite or not above 0; samples are below 1.

    Source: Salman et al. 2019 (arXiv 1906.04584).
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
        """Logarithm of the mean probability of each class, [batch, classes]: logits whose softmax is that mean."""
        noisy = images.repeat_interleave(self.samples, 0)
        noise = torch.randn(noisy.shape, generator=self.generator, dtype=images.dtype).to(images.device)
        logs = self.model(noisy + self.sigma * noise).log_softmax(1).unflatten(0, (len(images), self.samples))
        return logs.logsumexp(1) - math.log(self.samples)
