"""Randomised smoothing: Cohen, Rosenfeld, Kolter, 2019 (arXiv 1902.02918). Threat model: L2, pixel units.

The smoothed classifier answers with the class that a network gives most often when Gaussian noise is added to the
image. If that class has probability p > 1/2, no change shorter than sigma times the normal quantile of p alters the
answer (theorem 1, with 1 - p for the second class). The network is only sampled: p is bounded by the draws, and each
certificate is wrong with a probability of at most alpha. Noise is not clipped: pixels may leave [0, 1].
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from advlab.attacks.input_checks import check_images
from advlab.engine.cache.progress import report
from advlab.evaluation import Proportion
from advlab.models.inference import CHUNK, device_of, evaluation_mode
from advlab.models.rewriting import for_attacks

#: Stands for a class where the draws do not decide between classes.
ABSTAIN = -1


@dataclass(frozen=True)
class Certificates:
    """Result of `certify`, image by image.

    Args:
        classes: [batch], the smoothed classifier's answers, or `ABSTAIN`.
        radii: [batch], L2, in pixel units: no shorter change alters the answer; 0 where it abstains.

    Source: Cohen, Rosenfeld, Kolter 2019 (arXiv 1902.02918), section 3.2.2.
    """

    classes: Int[Tensor, " batch"]
    radii: Float[Tensor, " batch"]


def certify(
    model: nn.Module,
    images: Float[Tensor, "batch *shape"],
    *,
    sigma: float,
    generator: torch.Generator,
    n0: int = 100,
    n: int = 10_000,
    alpha: float = 0.001,
    bfloat16: bool = False,
) -> Certificates:
    """CERTIFY: `n0` draws guess the class, `n` others bound its probability from below.

    The bound is the one-sided one of Clopper and Pearson. Each image costs n0 + n forward passes.

    Args:
        model: takes pixels, also outside [0, 1], and returns logits; best trained under the same noise.
        images: [batch, *shape], in [0, 1].
        sigma: standard deviation of the noise, in pixel units, above 0.
        generator: draws the noise, on the CPU.
        n0: draws for the guess, at least 1.
        n: draws for the bound, at least 1.
        alpha: probability of a wrong certificate, per image, in (0, 1).
        bfloat16: whether to run the network under autocast; it is then the network in bfloat16 that is certified.

    Raises:
        TypeError: images are not a tensor of the model's dtype.
        ValueError: sigma, alpha, n0 or n is out of range; images are empty, not finite or outside [0, 1].

    Source: Cohen, Rosenfeld, Kolter 2019 (arXiv 1902.02918), section 3.2.2; the bound is Clopper, Pearson 1934.
    """
    _check(model, images, sigma, alpha, n0=n0, n=n)
    classes = torch.full((len(images),), ABSTAIN)
    radii = torch.zeros(len(images), dtype=torch.float64)
    sample = _Sampler(model, sigma, generator, bfloat16)
    for number, image in enumerate(images):
        guess = int(sample(image, n0).argmax())
        radius = certified_radius(int(sample(image, n)[guess]), n, alpha, sigma)
        if radius > 0:
            classes[number], radii[number] = guess, radius
        report(number + 1, len(images), f"{n:,} draws of noise an image")
    return Certificates(classes, radii)


def predict(
    model: nn.Module,
    images: Float[Tensor, "batch *shape"],
    *,
    sigma: float,
    generator: torch.Generator,
    n: int = 1000,
    alpha: float = 0.001,
    bfloat16: bool = False,
) -> Int[Tensor, " batch"]:
    """PREDICT: the smoothed classifier's answers, or `ABSTAIN` where the draws do not separate the two leading classes.

    A two-sided binomial test of the two most frequent classes decides. An answer is wrong with a probability of at most
    `alpha`.

    Args:
        model: takes pixels, also outside [0, 1], and returns logits of at least two classes.
        images: [batch, *shape], in [0, 1].
        sigma: standard deviation of the noise, in pixel units, above 0.
        generator: draws the noise, on the CPU.
        n: draws per image, at least 1.
        alpha: probability of a wrong answer, per image, in (0, 1).
        bfloat16: whether to run the network under autocast.

    Returns:
        Classes [batch], on the CPU.

    Raises:
        TypeError: images are not a tensor of the model's dtype.
        ValueError: sigma, alpha or n is out of range; images are empty, not finite or outside [0, 1].

    Source: Cohen, Rosenfeld, Kolter 2019 (arXiv 1902.02918), section 3.2.1.
    """
    _check(model, images, sigma, alpha, n=n)
    from scipy.stats import binomtest

    answers = torch.full((len(images),), ABSTAIN)
    sample = _Sampler(model, sigma, generator, bfloat16)
    for number, image in enumerate(images):
        (first, second), (top, _) = (found.tolist() for found in sample(image, n).topk(2))
        if binomtest(first, first + second).pvalue <= alpha:
            answers[number] = top
        report(number + 1, len(images), f"{n:,} draws of noise an image")
    return answers


def certified_radius(count: int, n: int, alpha: float, sigma: float) -> float:
    """L2 radius that `count` of `n` draws of one class prove; 0 if they prove none.

    Args:
        count: number of draws of the class, 0..n.
        n: number of draws.
        alpha: probability that the bound on the class's probability fails, in (0, 1).
        sigma: standard deviation of the noise; the radius is in its unit.

    Source: Cohen, Rosenfeld, Kolter 2019 (arXiv 1902.02918), theorem 1; the bound is Clopper, Pearson 1934.

    >>> round(certified_radius(9_900, 10_000, 0.001, 0.5), 3)
    1.106
    """
    from scipy.stats import beta  # here: whoever only attacks does without, and it takes a second

    low = float(beta.ppf(alpha, count, n - count + 1)) if count else 0.0
    return sigma * NormalDist().inv_cdf(low) if low > 0.5 else 0.0


def largest_radius(n: int, alpha: float, sigma: float) -> float:
    """L2 radius that `n` draws prove if all are of one class; no image has a larger one.

    Args:
        n: number of draws.
        alpha: probability that the bound on the class's probability fails, in (0, 1).
        sigma: standard deviation of the noise; the radius is in its unit.

    Source: Cohen, Rosenfeld, Kolter 2019 (arXiv 1902.02918), theorem 1; the bound is Clopper, Pearson 1934.

    >>> round(largest_radius(10_000, 0.001, 0.5), 3)
    1.599
    """
    return certified_radius(n, n, alpha, sigma)


def certified_accuracy(found: Certificates, labels: Int[Tensor, " batch"], radii: Sequence[float]) -> list[Proportion]:
    """For each radius, the proportion of all images answered as labelled with a certificate of at least that radius.

    It is a lower bound of the smoothed classifier's accuracy under any L2 attack of that size, up to alpha per image.
    At radius 0 it is the proportion answered correctly without abstaining.

    Args:
        found: the certificates of all images.
        labels: [batch], the true classes, on the CPU.
        radii: L2, in pixel units, at least 0.

    Returns:
        One proportion per radius, in order.

    Raises:
        ValueError: the numbers of certificates and labels differ, or there is none and a radius is asked for.

    Source: Cohen, Rosenfeld, Kolter 2019 (arXiv 1902.02918).
    """
    if found.classes.shape != labels.shape:
        raise ValueError(f"{len(found.classes)} certificates but {len(labels)} labels")
    right = found.classes == labels
    return [Proportion(int((right & (found.radii >= radius)).sum()), len(labels)) for radius in radii]


class _Sampler:
    """Counts the classes that a network gives to noisy copies of an image."""

    def __init__(self, model: nn.Module, sigma: float, generator: torch.Generator, bfloat16: bool) -> None:
        self.model, self.fast = model, for_attacks(model)
        self.sigma, self.generator, self.bfloat16 = sigma, generator, bfloat16
        self.device = device_of(model)

    def __call__(self, image: Tensor, n: int) -> Tensor:
        counts, image = torch.zeros(1, dtype=torch.long), image.to(self.device)
        low = torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16)
        with evaluation_mode(self.model), evaluation_mode(self.fast), torch.no_grad(), low:
            for start in range(0, n, CHUNK):
                shape = (min(CHUNK, n - start), *image.shape)
                noise = torch.randn(shape, generator=self.generator, dtype=image.dtype).to(self.device)
                logits = self.fast(image + self.sigma * noise)
                counts = counts + torch.bincount(logits.argmax(1), minlength=logits.shape[1]).cpu()
        return counts


def _check(model: nn.Module, images: Tensor, sigma: float, alpha: float, **counts: int) -> None:
    check_images(images, model)
    if not 0 < sigma < math.inf:
        raise ValueError(f"sigma must be a finite size of the noise in pixel units, above 0; got {sigma!r}")
    if not 0 < alpha < 1:
        raise ValueError(f"alpha is a probability of error, in (0, 1); got {alpha!r}")
    for name, value in counts.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ValueError(f"{name} must be a whole number of at least 1, got {value!r}")
