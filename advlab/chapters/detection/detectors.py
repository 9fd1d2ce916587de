"""The five detectors of the page, each in front of the same standard model."""

from __future__ import annotations

import dataclasses
from functools import partial

from torch import nn

from advlab.attacks import fgsm
from advlab.data import subset
from advlab.defenses import (
    BitDepth,
    Consistency,
    DetectorNetwork,
    KernelDensity,
    Mahalanobis,
    MedianFilter,
    trained_detector,
)
from advlab.defenses.detector_network import RECIPE
from advlab.engine.cache.profile import Profile

#: What the second network learns to tell from clean images, in pixel units.
TAUGHT_AT = 0.3
#: Training images that the Gaussians are fitted on, that densities are taken over, and that the second network sees
#: (each clean and attacked).
FITTED, KNOWN, TAUGHT = 5000, 4000, 10_000
#: In units of the last hidden layer: of four that were tried the one that flags most of FGSM.
BANDWIDTH = 2.0
#: Where the Gaussians lie: after each block. Means of channels for the first two (Lee et al. 2018).
LAYERS = ("relu1", "relu2", "relu3")
#: Of the second network.
EPOCHS = 2
SEED = 0


def at_most(n: int, profile: Profile) -> int:
    """So many training images, or fewer in a draft, whose model has seen no others."""
    return min(n, profile.train_images or n)


def mahalanobis(model: nn.Module, profile: Profile) -> Mahalanobis:
    """Gaussians of three layers."""
    images = subset(at_most(FITTED, profile), "train")
    return Mahalanobis(model, images.images, images.labels, LAYERS)


def density(model: nn.Module, profile: Profile) -> KernelDensity:
    """Kernel density in the last hidden layer."""
    images = subset(at_most(KNOWN, profile), "train")
    return KernelDensity(model, images.images, images.labels, LAYERS[-1], bandwidth=BANDWIDTH)


def network(model: nn.Module, profile: Profile) -> DetectorNetwork:
    """A second network, which has seen training images as they are and after FGSM."""
    images = subset(at_most(TAUGHT, profile), "train")
    recipe = dataclasses.replace(RECIPE, epochs=EPOCHS)
    attack = partial(fgsm, epsilon=TAUGHT_AT)
    return trained_detector(model, images.images, images.labels, attack, recipe=recipe, seed=SEED)


def lone_filter(model: nn.Module) -> Consistency:
    """Agreement with the answer to the smoothed image."""
    return Consistency(model, [MedianFilter(2)])


def squeezers(model: nn.Module) -> Consistency:
    """Agreement with the answers to the black-and-white and to the smoothed image: what Xu et al. take for MNIST."""
    return Consistency(model, [BitDepth(1), MedianFilter(2)])
