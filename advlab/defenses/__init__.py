"""Defenses, one a file, each with the attack made for it beside it."""

from advlab.defenses.bounds import bounds, certified, worst_margins
from advlab.defenses.certifiable import certifiable_cnn, initialise
from advlab.defenses.crown_ibp import crown_margins
from advlab.defenses.interval_training import certified_loss, ramped
from advlab.defenses.smoothing import ABSTAIN, Certificates, certified_accuracy, certify, largest_radius, predict
from advlab.defenses.smoothing_attack import Smoothed

__all__ = [
    "ABSTAIN",
    "Certificates",
    "Smoothed",
    "bounds",
    "certifiable_cnn",
    "certified",
    "certified_accuracy",
    "certified_loss",
    "certify",
    "crown_margins",
    "initialise",
    "largest_radius",
    "predict",
    "ramped",
    "worst_margins",
]
