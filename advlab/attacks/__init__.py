"""Attacks: functions `(model, images, labels, epsilon) -> images`, one a file."""

from advlab.attacks.apgd import apgd
from advlab.attacks.apgd_targeted import apgd_targeted
from advlab.attacks.autoattack import autoattack, autoattack_verdicts
from advlab.attacks.carlini_wagner import carlini_wagner
from advlab.attacks.deepfool import deepfool
from advlab.attacks.fab import fab
from advlab.attacks.fab_targeted import fab_targeted
from advlab.attacks.fast_gradient import fast_gradient
from advlab.attacks.fgsm import fgsm
from advlab.attacks.hopskipjump import hopskipjump
from advlab.attacks.masked import masked, spectacles
from advlab.attacks.momentum import momentum
from advlab.attacks.noise import random_noise
from advlab.attacks.patch import patched, train_patch
from advlab.attacks.pgd import bim, pgd
from advlab.attacks.square import square, square_queries
from advlab.attacks.tabular import Column, feasible, tabular
from advlab.attacks.transfer import transfer

__all__ = [
    "Column",
    "apgd",
    "apgd_targeted",
    "autoattack",
    "autoattack_verdicts",
    "bim",
    "carlini_wagner",
    "deepfool",
    "fab",
    "fab_targeted",
    "fast_gradient",
    "feasible",
    "fgsm",
    "hopskipjump",
    "masked",
    "momentum",
    "patched",
    "pgd",
    "random_noise",
    "spectacles",
    "square",
    "square_queries",
    "tabular",
    "train_patch",
    "transfer",
]
