"""Defenses, one a file, each with the attack that was made for it; every verdict is the defense's own."""

from advlab.defenses.consistency import Consistency
from advlab.defenses.detection import Detector, accuracy_after_rejection, judged, precision_at, roc, threshold
from advlab.defenses.detector_network import DetectorNetwork, trained_detector
from advlab.defenses.distillation import Cooled, distilled, vanished
from advlab.defenses.feature_squeezing import BitDepth, MedianFilter
from advlab.defenses.joint import Guarded, evading_pgd, undetected
from advlab.defenses.jpeg import Jpeg
from advlab.defenses.kernel_density import KernelDensity
from advlab.defenses.mahalanobis import Mahalanobis
from advlab.defenses.preprocessing import Preprocessed, Transformation, through
from advlab.defenses.random_resizing import RandomResizing
from advlab.defenses.total_variation import TotalVariation

__all__ = [
    "BitDepth",
    "Consistency",
    "Cooled",
    "Detector",
    "DetectorNetwork",
    "Guarded",
    "Jpeg",
    "KernelDensity",
    "Mahalanobis",
    "MedianFilter",
    "Preprocessed",
    "RandomResizing",
    "TotalVariation",
    "Transformation",
    "accuracy_after_rejection",
    "distilled",
    "evading_pgd",
    "judged",
    "precision_at",
    "roc",
    "threshold",
    "through",
    "trained_detector",
    "undetected",
    "vanished",
]
