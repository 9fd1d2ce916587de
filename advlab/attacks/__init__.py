"""Attacks: functions `(model, images, labels, epsilon) -> images`, one a file."""

from advlab.attacks.fgsm import fgsm
from advlab.attacks.noise import random_noise

__all__ = ["fgsm", "random_noise"]
