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

#: The epsilon of the FGSM images that the second network learns to tell from clean ones, in pixel units.
TAUGHT_AT = 0.3
#: Numbers of training images: to fit the Gaussians on, to take densities over, and to train the second network on
#: (each clean and attacked).
FITTED, KNOWN, TAUGHT = 5000, 4000, 10_000
#: In units of the last hidden layer; of the four that were tried, the one that flags most of FGSM's images.
BANDWIDTH = 2.0
#: The Gaussians' layers: the end of each block. The first two use means of channels (Lee et al. 2018).
LAYERS = ("relu1", "relu2", "relu3")
#: Epochs of the second network's training.
EPOCHS = 2
SEED = 0


def at_most(n: int, profile: Profile) -> int:
    """`n`, or fewer training images in a draft, whose model has seen no others."""
    return min(n, profile.train_images or n)


def mahalanobis(model: nn.Module, profile: Profile) -> Mahalanobis:
    """A detector by Gaussians of three layers' activations."""
    images = subset(at_most(FITTED, profile), "train")
    return Mahalanobis(model, images.images, images.labels, LAYERS)


def density(model: nn.Module, profile: Profile) -> KernelDensity:
    """A detector by kernel density in the last hidden layer."""
    images = subset(at_most(KNOWN, profile), "train")
    return KernelDensity(model, images.images, images.labels, LAYERS[-1], bandwidth=BANDWIDTH)


def network(model: nn.Module, profile: Profile) -> DetectorNetwork:
    """A second network trained on clean training images and on the same images after FGSM."""
    images = subset(at_most(TAUGHT, profile), "train")
    recipe = dataclasses.replace(RECIPE, epochs=EPOCHS)
    attack = partial(fgsm, epsilon=TAUGHT_AT)
    return trained_detector(model, images.images, images.labels, attack, recipe=recipe, seed=SEED)


def lone_filter(model: nn.Module) -> Consistency:
    """A detector by agreement with the answer to the smoothed image."""
    return Consistency(model, [MedianFilter(2)])


def squeezers(model: nn.Module) -> Consistency:
    """A detector by agreement with the answers to the black-and-white and the smoothed image, as Xu et al. on MNIST."""
    return Consistency(model, [BitDepth(1), MedianFilter(2)])
