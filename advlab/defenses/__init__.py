"""Defenses, one per file, each beside the attack made for it. Every verdict is the defense's own."""

from advlab.defenses.adversarial_training import random_single_step, several_steps, single_step, trades
from advlab.defenses.bounds import bounds, certified, worst_margins
from advlab.defenses.certifiable import certifiable_cnn, initialise
from advlab.defenses.consistency import Consistency
from advlab.defenses.crown_ibp import crown_margins
from advlab.defenses.detection import Detector, accuracy_after_rejection, judged, precision_at, roc, threshold
from advlab.defenses.detector_network import DetectorNetwork, trained_detector
from advlab.defenses.distillation import Cooled, distilled, vanished
from advlab.defenses.ensemble import Ensemble, Vote
from advlab.defenses.feature_squeezing import BitDepth, MedianFilter
from advlab.defenses.interval_training import certified_loss, ramped
from advlab.defenses.joint import Guarded, evading_pgd, undetected
from advlab.defenses.jpeg import Jpeg
from advlab.defenses.kernel_density import KernelDensity
from advlab.defenses.mahalanobis import Mahalanobis
from advlab.defenses.preprocessing import Preprocessed, Transformation, through
from advlab.defenses.random_resizing import RandomResizing
from advlab.defenses.smoothing import ABSTAIN, Certificates, certified_accuracy, certify, largest_radius
from advlab.defenses.smoothing_attack import Smoothed
from advlab.defenses.total_variation import TotalVariation

__all__ = [
    "ABSTAIN",
    "BitDepth",
    "Certificates",
    "Consistency",
    "Cooled",
    "Detector",
    "DetectorNetwork",
    "Ensemble",
    "Guarded",
    "Jpeg",
    "KernelDensity",
    "Mahalanobis",
    "MedianFilter",
    "Preprocessed",
    "RandomResizing",
    "Smoothed",
    "TotalVariation",
    "Transformation",
    "Vote",
    "accuracy_after_rejection",
    "bounds",
    "certifiable_cnn",
    "certified",
    "certified_accuracy",
    "certified_loss",
    "certify",
    "crown_margins",
    "distilled",
    "evading_pgd",
    "initialise",
    "judged",
    "largest_radius",
    "precision_at",
    "ramped",
    "random_single_step",
    "roc",
    "several_steps",
    "single_step",
    "threshold",
    "through",
    "trades",
    "trained_detector",
    "undetected",
    "vanished",
    "worst_margins",
]
